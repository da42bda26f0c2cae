import { writeFile } from 'node:fs/promises';
import { badDocument } from '../../core/documents/problems.ts';
import { toMermaid } from '../../packs/graph/mermaid.ts';
import { graphOf } from '../../packs/graph/model.ts';
import { toSvg } from '../../packs/graph/svg.ts';
import { readPackFolder } from '../../packs/load.ts';
import { validatePack } from '../../packs/validate.ts';

export const GRAPH_FORMATS = ['mermaid', 'svg'] as const;
export type GraphFormat = (typeof GRAPH_FORMATS)[number];

export interface PackGraph {
  id: string;
  format: GraphFormat;
  /** The picture; null when it was written to `file`. */
  text: string | null;
  file: string | null;
}

/** Draws a pack’s steps. A pack with errors of its rules is drawn, too. @throws BAD_DOCUMENT, NOT_FOUND */
export async function graphPack(dir: string, format: GraphFormat, file: string | null): Promise<PackGraph> {
  const { files } = await readPackFolder(dir);
  const text = files.get('pack.yaml') ?? '';
  const { document, problems } = validatePack(text);
  if (!document) throw badDocument(`${dir}/pack.yaml`, text, problems, [`Every problem: chp pack lint ${dir}`]);
  const graph = graphOf(document);
  const drawn = format === 'svg' ? toSvg(graph) : toMermaid(graph);
  if (file === null) return { id: document.id, format, text: drawn, file };
  await writeFile(file, drawn);
  return { id: document.id, format, text: null, file };
}
