interface Tree {
  digest: string;
  archiveSize: number;
  size: number;
  files: number;
}

/** What a runtime bundle holds, in a few lines. */
export function presentBundle(bundle: {
  digest: string;
  platform: string;
  runtime: { name: string; version: string };
  node: Tree & { version: string };
  app: Tree;
}): string {
  const tree = (name: string, { digest, size, archiveSize, files }: Tree) =>
    `  ${name.padEnd(28)} ${digest.slice(0, 12)}  ${files} files, ${megabytes(size)}, packed ${megabytes(archiveSize)}`;
  return [
    `bundle ${bundle.digest}`,
    `  for ${bundle.platform}`,
    tree(`${bundle.runtime.name} ${bundle.runtime.version}`, bundle.app),
    tree(`node ${bundle.node.version}`, bundle.node),
  ].join('\n');
}

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
