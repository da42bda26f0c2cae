import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { atLeast, atMost, parseAmount } from '../../../../src/core/rollout/amount.ts';
import { type Candidate, type PlanOptions, planRollout } from '../../../../src/core/rollout/plan.ts';

const of = (tenant: string, more: Partial<Candidate> = {}): Candidate => ({
  tenant,
  ring: null,
  skip: null,
  closed: null,
  ...more,
});
const options = (more: Partial<PlanOptions> = {}): PlanOptions => ({
  rings: [],
  canary: { count: 1 },
  batch: { percent: 100 },
  seed: 1,
  ...more,
});

const amount = fc.oneof(
  fc.record({ count: fc.nat({ max: 12 }) }),
  fc.record({ percent: fc.integer({ min: 0, max: 100 }) }),
);
const ring = fc.constantFrom('canary', 'early', 'stable', 'odd', null);
const candidates = fc.uniqueArray(
  fc.record({
    tenant: fc.stringMatching(/^[a-z]{1,6}$/),
    ring,
    skip: fc.option(fc.constant('destroyed'), { freq: 6 }),
    closed: fc.option(fc.constant({ reason: 'outside', opensAt: null }), { freq: 3 }),
  }),
  { selector: ({ tenant }) => tenant, maxLength: 40 },
);
const plans = fc.record({
  rings: fc.uniqueArray(fc.constantFrom('canary', 'early', 'stable')),
  canary: amount,
  batch: amount,
  seed: fc.nat(),
});

describe('a plan', () => {
  test('whatever is asked for: each tenant once, in whole waves, ring after ring, no batch larger than it may be', () => {
    fc.assert(
      fc.property(candidates, plans, (tenants, asked) => {
        const plan = planRollout(tenants, asked);
        expect(plan.tenants.map(({ tenant }) => tenant).sort()).toEqual(tenants.map(({ tenant }) => tenant).sort());
        const byName = new Map(tenants.map((one) => [one.tenant, one]));
        const order = (name: string): number => {
          const at = asked.rings.indexOf(byName.get(name)?.ring as never);
          return asked.rings.length === 0 ? 0 : at < 0 ? asked.rings.length : at;
        };
        const part = plan.tenants.filter(({ state }) => state !== 'skipped');
        expect(part.every(({ tenant }) => byName.get(tenant)?.skip === null)).toBe(true);
        expect(part.map(({ wave }) => wave)).toEqual(part.map(({ wave }) => wave).toSorted((a, b) => a - b));
        expect(part.map(({ tenant }) => order(tenant))).toEqual(
          part.map(({ tenant }) => order(tenant)).toSorted((a, b) => a - b),
        );
        expect(new Set(plan.waves).size).toBe(plan.waves.length);
        expect(new Set(part.map(({ wave }) => wave))).toEqual(new Set(plan.waves.keys()));
        for (const [wave, title] of plan.waves.entries()) {
          const within = part.filter((one) => one.wave === wave);
          const inRing = tenants.filter(
            (one) => one.skip === null && order(one.tenant) === order(within[0]?.tenant ?? ''),
          ).length;
          const most = title === 'canaries' ? plan.canary : Math.max(1, atLeast(asked.batch, inRing));
          expect(within.length).toBeLessThanOrEqual(most);
        }
        expect(planRollout([...tenants].reverse(), asked)).toMatchObject({ waves: plan.waves });
        expect(planRollout([...tenants].reverse(), asked).tenants.filter(({ wave }) => wave >= 0)).toEqual(part);
      }),
    );
  });

  test('canaries are of the first ring, and of those that may be changed now, whatever chance says', () => {
    const closed = { reason: 'outside its windows', opensAt: null };
    const tenants = [
      of('closed', { ring: 'early', closed }),
      of('open', { ring: 'early' }),
      of('late', { ring: 'stable' }),
      of('odd'),
    ];
    for (let seed = 0; seed < 20; seed++) {
      const plan = planRollout(tenants, options({ rings: ['early', 'stable'], seed }));
      expect(plan.waves).toEqual(['canaries', 'ring early', 'ring stable', 'rest']);
      expect(plan.tenants.map(({ tenant, why }) => [tenant, why])).toEqual([
        ['open', 'goes first, by chance'],
        ['closed', 'ring early; outside its windows'],
        ['late', 'ring stable'],
        ['odd', 'no label ring'],
      ]);
    }
  });

  test('another seed, another order; none is always first', () => {
    const tenants = Array.from({ length: 5 }, (_, index) => of(`t${index}`));
    const first = new Set(
      Array.from({ length: 60 }, (_, seed) => planRollout(tenants, options({ seed })).tenants[0]?.tenant),
    );
    expect(first.size).toBe(5);
  });
});

describe('amounts', () => {
  test('a share of few is one where it must be, none where it is tolerated', () => {
    expect(atLeast(parseAmount('25%', '--batch'), 3)).toBe(1);
    expect(atMost(parseAmount('25%', '--max-failures'), 3)).toBe(0);
    expect(atLeast(parseAmount('100%', '--batch'), 7)).toBe(7);
    expect(atLeast(parseAmount('0%', '--canary'), 7)).toBe(0);
    expect(atMost(parseAmount('2', '--max-failures'), 1)).toBe(2);
  });

  test.each(['', 'x', '-1', '101%', '1.5', '3 %'])('%j is none', (text) => {
    expect(() => parseAmount(text, '--batch')).toThrow(/--batch/);
  });
});
