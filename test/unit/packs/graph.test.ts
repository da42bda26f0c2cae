import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { toMermaid } from '../../../src/packs/graph/mermaid.ts';
import { graphOf } from '../../../src/packs/graph/model.ts';
import { toSvg } from '../../../src/packs/graph/svg.ts';
import type { PackDocument } from '../../../src/packs/schema.ts';

const graph = graphOf(
  parse(`
id: door
version: 1.0.0
triggers: [{schedule: "\${{ inputs.time }}"}, {message: "open <it> & \\"now\\""}]
steps:
  - {id: ask, name: May it be opened?, uses: approve, with: {roles: [Adult]}, on-failure: {outcome: fail, steps: [{id: tell, uses: notify}]}}
  - id: both
    parallel:
      - [{id: open, uses: device.call, with: {action: unlock}}]
      - [{id: pause, wait: {for: 1m}}]
  - {id: each, for-each: members, steps: [{id: hi, if: 'item.role == "<b>"', uses: notify}], on-failure: continue}
  - {id: note, uses: audit, on-failure: soft-fail}
`) as PackDocument,
);

describe('mermaid', () => {
  const lines = toMermaid(graph)
    .split('\n')
    .map((line) => line.trim());

  it.each([
    ['what starts it', 'start0(["schedule inputs.time"])'],
    ['signs that mermaid would read', 'start1(["message “open #60;it#62; #38; #34;now#34;”"])'],
    ['an approval', 's_ask{{"May it be opened?<br/>approve Adult"}}:::ask'],
    ['the way into it', 'start1 --> s_ask'],
    ['what a failure does', 's_ask -. failed .-> s_tell'],
    ['how it ends then', 's_tell --> f_ask'],
    ['high risk', 's_open["open<br/>device.call unlock"]:::high'],
    ['a branch', 's_both --> s_pause'],
    ['the join', 's_open --> s_each'],
    ['the join of the other branch', 's_pause --> s_each'],
    ['a loop', 'subgraph g_each ["each<br/>for each of members"]'],
    ['a failure that does not matter', 's_each --> s_note'],
    ['a soft fail', 's_note -. failed .-> f_note'],
    ['the end', 's_note --> finish'],
  ])('has %s', (_, line) => {
    expect(lines).toContain(line);
  });

  it('lets a failed approval go nowhere else', () => {
    expect(lines.filter((line) => line.startsWith('s_tell ') || line.startsWith('f_ask -'))).toEqual([
      's_tell --> f_ask',
    ]);
  });
});

describe('svg', () => {
  const svg = toSvg(graph);

  it('is well-formed, and holds nothing from elsewhere', () => {
    const open: string[] = [];
    for (const [, close, name, rest] of svg.matchAll(/<(\/?)([a-z]+)((?:"[^"]*"|[^">])*)>/g)) {
      if (close) expect(open.pop()).toBe(name);
      else if (!rest?.endsWith('/')) open.push(name as string);
    }
    expect(open).toEqual([]);
    expect(svg.replaceAll(/&(amp|lt|gt|quot);/g, '')).not.toContain('&');
    expect(svg).not.toMatch(/script|href|url\(|@import/);
  });

  it('says everything, and what is of high risk in its colour', () => {
    for (const words of [
      'May it be opened?',
      'device.call unlock',
      'wait for 1m',
      'for each of members',
      'blocked',
      'soft-fail',
      'goes on',
    ])
      expect(svg).toContain(words);
    expect(svg).toContain('if item.role == &quot;&lt;b&gt;&quot;');
    expect(svg).toMatch(/<title>open: high risk<\/title><rect [^>]*stroke="#c0392b" stroke-width="2"/);
    expect(svg).toMatch(/<title>ask: low risk<\/title><polygon /);
  });

  it('has room for all of it', () => {
    const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? [];
    for (const [, x, y, w, h] of svg.matchAll(
      /<rect[^>]* x="(-?[\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g,
    )) {
      expect(Number(x)).toBeGreaterThanOrEqual(0);
      expect(Number(x) + Number(w)).toBeLessThanOrEqual(Number(width));
      expect(Number(y) + Number(h)).toBeLessThanOrEqual(Number(height));
    }
  });
});
