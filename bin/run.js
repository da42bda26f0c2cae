#!/usr/bin/env node
// Understood by every node since 12: an old one must get an answer, not a syntax error.
const wanted = [24, 15];
const [major, minor] = process.versions.node.split('.').map(Number);
if (major > wanted[0] || (major === wanted[0] && minor >= wanted[1])) {
  import('./main.js').then(({ main }) => main(process.argv.slice(2)));
} else {
  import('./old-node.js').then(({ runWithShippedNode }) => runWithShippedNode(wanted.join('.')));
}
