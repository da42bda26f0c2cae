import type { Block, Graph } from './model.ts';

const CLASSES = [
  'classDef low fill:#eef6ee,stroke:#4a8a4a,color:#111',
  'classDef medium fill:#fdf5e0,stroke:#b8860b,color:#111',
  'classDef high fill:#fdeaea,stroke:#c0392b,stroke-width:2px,color:#111',
  'classDef ask fill:#e8effc,stroke:#2b5fc0,stroke-width:2px,color:#111',
];

/** A flowchart in Mermaid’s words: what GitHub and editors draw. */
export function toMermaid({ starts, blocks }: Graph): string {
  const lines: string[] = starts.map((text, index) => `start${index}([${quoted([text])}])`);
  const ends = list(
    blocks,
    starts.map((_, index) => `start${index}`),
    lines,
    '',
  );
  lines.push(`finish([${quoted(['end'])}])`, ...ends.map((from) => `${from} --> finish`), ...CLASSES);
  return `flowchart TD\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
}

/** @returns the nodes from which it goes on */
function list(blocks: readonly Block[], from: string[], lines: string[], label: string): string[] {
  let ends = from;
  for (const [index, block] of blocks.entries()) ends = one(block, ends, lines, index === 0 ? label : '');
  return ends;
}

function one(block: Block, from: readonly string[], lines: string[], label: string): string[] {
  const node = `s_${block.id}`;
  const arrow = label === '' ? '-->' : `-. ${label} .->`;
  let ends = [node];
  if (block.branches.length > 0) {
    lines.push(`subgraph g_${block.id} [${quoted([block.title, ...block.conditions])}]`);
    lines.push(`${node}(( ))`);
    ends = block.branches.flatMap((branch) => list(branch, [node], lines, ''));
    lines.push('end');
  } else lines.push(`${node}${shaped(block)}:::${block.kind === 'ask' ? 'ask' : block.risk}`);
  lines.push(...from.map((before) => `${before} ${arrow} ${node}`));
  if (!block.failure) return ends;
  const handled = list(block.failure.steps, [node], lines, 'failed');
  const dashed = block.failure.steps.length > 0 ? '-->' : '-. failed .->';
  if (block.failure.outcome === 'continue') return [...new Set([...ends, ...handled])];
  const end = `f_${block.id}`;
  lines.push(`${end}([${quoted([block.failure.outcome === 'fail' ? 'blocked' : block.failure.outcome])}])`);
  lines.push(...handled.map((before) => `${before} ${dashed} ${end}`));
  return ends;
}

function shaped(block: Block): string {
  const text = quoted([block.title, block.does, ...block.conditions]);
  if (block.kind === 'ask') return `{{${text}}}`;
  return block.kind === 'wait' ? `[/${text}/]` : `[${text}]`;
}

/** Mermaid reads quotes, brackets and entities inside a quoted text unless they are written as entities. */
const quoted = (lines: readonly string[]): string =>
  `"${lines.map((line) => line.replaceAll(/[#"<>&`{}[\]|\\]/g, (sign) => `#${sign.codePointAt(0)};`)).join('<br/>')}"`;
