import type { Block, Graph } from './model.ts';

const WIDTH = 250;
const LINE = 16;
const PAD = 10;
const GAP = 26;
/** Width of the pill that says how a failure ends. */
const OUTCOME = 90;
const COLOURS = {
  low: { fill: '#eef6ee', line: '#4a8a4a' },
  medium: { fill: '#fdf5e0', line: '#b8860b' },
  high: { fill: '#fdeaea', line: '#c0392b' },
  ask: { fill: '#e8effc', line: '#2b5fc0' },
} as const;

interface Size {
  width: number;
  height: number;
}

/** A picture that needs nothing else: no script, no font, no link. Steps from top to bottom, branches side by side. */
export function toSvg({ title, starts, blocks }: Graph): string {
  const size = sizeOfList(blocks);
  const top = 40 + starts.length * (LINE + 14);
  const width = Math.max(size.width, WIDTH) + 40;
  const height = top + GAP + size.height + GAP + 40;
  const middle = width / 2;
  const parts: string[] = [text(middle, 24, title, 'title')];
  for (const [index, start] of starts.entries())
    parts.push(pill(middle, 40 + index * (LINE + 14), start, index === starts.length - 1));
  parts.push(arrow(middle, top - 4, top + GAP - 4));
  drawList(blocks, middle, top + GAP, parts);
  const end = top + GAP + size.height;
  parts.push(arrow(middle, end, end + GAP - 4), pill(middle, end + GAP, 'end', true));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(`Steps of ${title}`)}">`,
    STYLE,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

const STYLE =
  '<style>text{font:12px system-ui,sans-serif;fill:#111}.title{font-size:15px;font-weight:600}.name{font-weight:600}.small{font-size:11px;fill:#444}.line{stroke:#555;stroke-width:1.3;fill:none}.frame{fill:none;stroke:#999;stroke-dasharray:5 4}@media(prefers-color-scheme:dark){svg{background:#fff}}</style>';

/** Lines of text in a block: its title, what it does, its conditions. */
const linesOf = ({ does, conditions }: Block): string[] => [does, ...conditions].filter((line) => line !== '');

function sizeOfList(blocks: readonly Block[]): Size {
  const sizes = blocks.map(sizeOf);
  return {
    width: Math.max(WIDTH, ...sizes.map(({ width }) => width)),
    height: sizes.reduce((sum, { height }) => sum + height, 0) + GAP * Math.max(0, blocks.length - 1),
  };
}

function sizeOf(block: Block): Size {
  const own = ownSize(block);
  const failure = failureSize(block);
  return { width: own.width + 2 * failure.width, height: Math.max(own.height, failure.height) };
}

function ownSize(block: Block): Size {
  const head = LINE * (1 + linesOf(block).length) + 2 * PAD;
  if (block.branches.length === 0) return { width: WIDTH, height: head };
  const branches = block.branches.map(sizeOfList);
  return {
    width: branches.reduce((sum, { width }) => sum + width, 0) + 20 * (branches.length + 1),
    height: head + Math.max(...branches.map(({ height }) => height)) + 2 * GAP,
  };
}

/** What `on-failure` says stands at the right; the left stays as free, so that the flow is straight. */
function failureSize({ failure }: Block): Size {
  if (!failure) return { width: 0, height: 0 };
  if (failure.steps.length === 0) return { width: OUTCOME + 60, height: 40 };
  const { width, height } = sizeOfList(failure.steps);
  return { width: width + 60, height: height + GAP + 34 };
}

function drawList(blocks: readonly Block[], middle: number, top: number, parts: string[]): void {
  let y = top;
  for (const [index, block] of blocks.entries()) {
    draw(block, middle, y, parts);
    const { height } = sizeOf(block);
    // A handler that is longer than its step: the line goes on from the step itself.
    if (index < blocks.length - 1) parts.push(arrow(middle, y + ownSize(block).height, y + height + GAP - 4));
    else if (height > ownSize(block).height) parts.push(line(middle, y + ownSize(block).height, middle, y + height));
    y += height + GAP;
  }
}

function draw(block: Block, middle: number, top: number, parts: string[]): void {
  const { width, height } = ownSize(block);
  const left = middle - width / 2;
  const nested = block.branches.length > 0;
  const { fill, line: colour } = COLOURS[block.kind === 'ask' ? 'ask' : block.risk];
  if (nested) parts.push(`<rect class="frame" x="${left}" y="${top}" width="${width}" height="${height}" rx="8"/>`);
  else
    parts.push(
      `<g><title>${escaped(`${block.id}: ${block.risk} risk`)}</title>${outline(block, left, top, height, fill, colour)}</g>`,
    );
  parts.push(text(middle, top + PAD + 11, block.title, 'name'));
  for (const [index, words] of linesOf(block).entries())
    parts.push(text(middle, top + PAD + 11 + LINE * (index + 1), words, 'small'));
  if (nested) drawBranches(block, left, top, height, middle, parts);
  if (block.failure) drawFailure(block, left + width, top, parts);
}

function outline(block: Block, left: number, top: number, height: number, fill: string, colour: string): string {
  const style = `fill="${fill}" stroke="${colour}" stroke-width="${block.kind === 'ask' || block.risk === 'high' ? 2 : 1.2}"`;
  if (block.kind !== 'ask')
    return `<rect x="${left}" y="${top}" width="${WIDTH}" height="${height}" rx="${block.kind === 'wait' ? height / 2 : 6}" ${style}/>`;
  const right = left + WIDTH;
  const half = top + height / 2;
  const points = [
    [left, half],
    [left + 14, top],
    [right - 14, top],
    [right, half],
    [right - 14, top + height],
    [left + 14, top + height],
  ];
  return `<polygon points="${points.map((point) => point.join(',')).join(' ')}" ${style}/>`;
}

function drawBranches(block: Block, left: number, top: number, height: number, middle: number, parts: string[]): void {
  const begin = top + LINE * (1 + linesOf(block).length) + 2 * PAD;
  let x = left + 20;
  for (const branch of block.branches) {
    const size = sizeOfList(branch);
    const at = x + size.width / 2;
    parts.push(line(middle, begin, at, begin), arrow(at, begin, begin + GAP - 4));
    drawList(branch, at, begin + GAP, parts);
    const end = top + height - PAD;
    parts.push(line(at, begin + GAP + size.height, at, end), line(at, end, middle, end));
    x += size.width + 20;
  }
  parts.push(line(middle, top + height - PAD, middle, top + height));
}

function drawFailure({ failure }: Block, right: number, top: number, parts: string[]): void {
  if (!failure) return;
  const y = top + 20;
  const bare = failure.steps.length === 0;
  const { width, height } = bare ? { width: OUTCOME, height: 0 } : sizeOfList(failure.steps);
  const at = right + 50 + width / 2;
  const outcome =
    { fail: 'blocked', 'soft-fail': 'soft-fail', continue: 'goes on' }[failure.outcome] ?? failure.outcome;
  parts.push(
    `<path class="line" stroke-dasharray="4 3" d="M${right} ${y}H${right + 46}"/>`,
    text(right + 25, y - 5, 'failed', 'small'),
  );
  if (!bare) drawList(failure.steps, at, top, parts);
  if (!bare) parts.push(arrow(at, top + height, top + height + GAP - 4));
  parts.push(pill(at, bare ? y - 12 : top + height + GAP, outcome, false));
}

function pill(middle: number, top: number, words: string, strong: boolean): string {
  const width = Math.min(WIDTH + 30, words.length * 7 + 30);
  return `<rect x="${middle - width / 2}" y="${top}" width="${width}" height="24" rx="12" fill="#fff" stroke="${strong ? '#333' : '#888'}"/>${text(middle, top + 16, words, 'small', 44)}`;
}

const line = (x1: number, y1: number, x2: number, y2: number): string =>
  `<path class="line" d="M${x1} ${y1}L${x2} ${y2}"/>`;
const arrow = (x: number, from: number, to: number): string =>
  `<path class="line" d="M${x} ${from}V${to}M${x - 4} ${to - 6}L${x} ${to}L${x + 4} ${to - 6}"/>`;

function text(x: number, y: number, words: string, style: string, most = style === 'small' ? 40 : 34): string {
  const one = words.replace(/\s+/g, ' ');
  const shown = one.length > most ? `${one.slice(0, most - 1)}…` : one;
  const whole = shown === one ? '' : `<title>${escaped(one)}</title>`;
  return `<text class="${style}" x="${x}" y="${y}" text-anchor="middle">${whole}${escaped(shown)}</text>`;
}

const escaped = (words: string): string =>
  words.replace(/[&<>"\p{Cc}]/gu, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign] ?? ' ');
