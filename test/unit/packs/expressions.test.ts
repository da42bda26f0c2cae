import { describe, expect, it } from 'vitest';
import { checkExpression } from '../../../src/packs/expressions/check.ts';
import { evaluate, renderText, renderValue } from '../../../src/packs/expressions/evaluate.ts';
import { LIMITS } from '../../../src/packs/expressions/limits.ts';
import type { Variable } from '../../../src/packs/expressions/parse.ts';

const events = [
  { title: 'Dentist', start: '2026-11-25T09:00:00Z', cost: 20 },
  { title: 'Choir', start: '2026-11-25T17:30:00Z', cost: 2.5 },
];
const context = {
  inputs: { count: 3, price: 2.5, name: 'Ana', none: null, flag: true, big: 'x'.repeat(60_000), door: 'lock.front' },
  steps: { events: { status: 'success', output: { events } }, skipped: { status: 'skipped', output: null } },
  tenant: { name: 'smith', timezone: 'Europe/Berlin' },
  members: [{ id: 'ana', name: 'Ana', role: 'Adult' }],
  trigger: { kind: 'manual', by: 'ana', payload: null },
  now: '2026-11-25T05:55:00.000Z',
  run: { id: 'r1' },
};

describe('values', () => {
  it.each([
    ['inputs.count + 1', 4],
    ['inputs.count == 3', true],
    ['inputs.count > 2 && inputs.flag', true],
    ['inputs.price * 2', 5],
    ['7 / 2', 3],
    ['inputs.count / 2', 1.5],
    ['size(steps.events.output.events)', 2],
    ['size(steps.events.output.events) / 4.0', 0.5],
    ['steps.events.output.events.map(e, e.title)', ['Dentist', 'Choir']],
    ['steps.events.output.events.filter(e, e.cost > 10).map(e, e.title)', ['Dentist']],
    ['steps.events.output.events.exists(e, e.title.startsWith("Cho"))', true],
    ['sum(steps.events.output.events.map(e, e.cost))', 22.5],
    ['max([1, 2.5])', 2.5],
    ['min([])', null],
    ['round(2.345, 1)', 2.3],
    ['flatten([[1], [2, 3]])', [1, 2, 3]],
    ['distinct(["a", "b", "a"])', ['a', 'b']],
    ['json({"a": 1})', '{"a":1}'],
    ['[1, "a", true]', [1, 'a', true]],
    ['{"a": {"b": 1}}', { a: { b: 1 } }],
    ['inputs.none == null', true],
    ['inputs.?missing.orValue("d")', 'd'],
    ['steps.skipped.?output.?x.orValue("d")', 'd'],
    ['has(inputs.missing)', false],
    ['timestamp(now) + duration("90m")', '2026-11-25T07:25:00.000Z'],
    ['duration("90m")', '5400s'],
    ['local(timestamp(now), tenant.timezone).time', '06:55'],
    ['local(timestamp(now), tenant.timezone).weekday', 'wednesday'],
    ['dayStart(timestamp(now), 0, tenant.timezone)', '2026-11-24T23:00:00.000Z'],
    ['dayStart(timestamp(now), 1, tenant.timezone)', '2026-11-25T23:00:00.000Z'],
    ['timeOn(timestamp(now), 0, "18:00", tenant.timezone)', '2026-11-25T17:00:00.000Z'],
    // 29 March 2026 lacks 02:30 in Berlin: moved on by the gap.
    ['timeOn(timestamp("2026-03-28T12:00:00Z"), 1, "02:30", tenant.timezone)', '2026-03-29T01:30:00.000Z'],
    ['inputs.count > 2 ? "many" : "few"', 'many'],
  ])('%s', (source, value) => {
    expect(evaluate(source, context)).toEqual(value);
  });

  it('an expression alone keeps its type; inside a text it becomes text', () => {
    expect(renderText('${{ inputs.count }}', context)).toBe(3);
    expect(renderText('${{ inputs.none }}', context)).toBeNull();
    expect(renderText('n=${{ inputs.count }}${{ inputs.none }}, ${{ [1, 2] }}', context)).toBe('n=3, [1,2]');
    expect(renderValue({ a: ['${{ inputs.flag }}', 1], b: { c: 'x ${{ inputs.name }}' } }, context)).toEqual({
      a: [true, 1],
      b: { c: 'x Ana' },
    });
  });

  it('reads the end of an expression as CEL does', () => {
    expect(renderText("${{ {'a': {'b': '}}'}} }}", context)).toEqual({ a: { b: '}}' } });
    expect(renderText("a ${{ '${{' }} b", context)).toBe('a ${{ b');
    expect(() => renderText('${{ inputs.count', context)).toThrow('has no `}}`');
  });

  it('never reads a value as an expression again', () => {
    expect(renderText('${{ trigger.payload }} x', { ...context, trigger: { payload: '${{ inputs.name }}' } })).toBe(
      '${{ inputs.name }} x',
    );
  });
});

describe('refused', () => {
  it.each([
    ['inputs.name.matches("(a+)+$")', '`matches` is not allowed'],
    ['[1].map(x, [2].map(y, y))', 'inside another macro'],
    ['[1].filter(x, [2].exists(y, y == x))', 'inside another macro'],
    ['cel.bind(x, 1, x)', '`bind` is no function'],
    ['bytes("a").json()', '`bytes` is no function'],
    ['type(1)', '`type` is no function'],
    ['tick(1)', '`tick` is no function'],
    ['inputs.constructor', '"constructor" is no field'],
    ['inputs.__proto__', '__proto__'],
    ['inputs["constructor"]', 'No such key'],
    ['inputs.toString', 'No such key'],
    ['9007199254740993', 'too large a number'],
    ['9223372036854775807 + 1', 'overflow'],
    ['1.0 / 0', 'no finite number'],
    ['inputs.?name', 'optional value needs'],
    ['1 / 0', 'division by zero'],
    ['secrets.TOKEN', 'Unknown variable: secrets'],
    ['env.HOME', 'Unknown variable: env'],
    [`[${Array(101).fill('1').join(',')}]`, 'maxListElements'],
    [Array(200).fill('1').join('+'), 'maxAstNodes'],
    [`${'('.repeat(40)}1${')'.repeat(40)}`, 'maxDepth'],
    [`"${'x'.repeat(LIMITS.source)}"`, 'more than 2000 characters'],
    ['"é".foo()', '`foo` is no function'],
  ])('%s', (source, message) => {
    expect(() => evaluate(source, context)).toThrow(message);
  });

  const many = Array.from({ length: 1000 }, (_, n) => ({ n, t: `title ${n}` }));
  it.each([
    ['a list over the cap', 'trigger.payload.map(x, x)', [...many, 1]],
    ['a list made over the cap', 'trigger.payload + trigger.payload', many],
    ['a text made over the cap', 'inputs.big + inputs.big', null],
    ['memory by repeating', 'trigger.payload.map(x, (inputs.big + "a").upperAscii())', many],
    ['a comparison with everything each time', 'trigger.payload.filter(x, trigger.payload == trigger.payload)', many],
    ['a search in everything each time', 'trigger.payload.filter(x, x in trigger.payload)', many],
    [
      'a copy of everything each time',
      'trigger.payload.map(x, trigger.payload.join(","))',
      many.map(({ t }) => t.repeat(5)),
    ],
    ['a search in a long text each time', 'trigger.payload.map(x, inputs.big.lastIndexOf("xy"))', many],
    ['a list in a list each time', 'trigger.payload.map(x, [trigger.payload, trigger.payload, trigger.payload])', many],
  ])('%s', (_, source, payload) => {
    expect(() => evaluate(source, { ...context, trigger: { payload } })).toThrow(/more than|too much work/);
  });

  it('lets a thousand elements be looked at', () => {
    expect(evaluate('trigger.payload.filter(x, x.n > 997).map(x, x.t)', { trigger: { payload: many } })).toHaveLength(
      2,
    );
  });
});

describe('checked before it runs', () => {
  const scope = {
    inputs: ['name', 'count'],
    steps: ['events'],
    later: ['tell'],
    variables: new Set<Variable>(['inputs', 'steps', 'tenant', 'members', 'trigger', 'now', 'run']),
  };
  it.each([
    ['inputs.names', '"names" is no input', 'did you mean "name"?'],
    ['steps.event.output', 'there is no step "event"', 'did you mean "events"?'],
    ['steps.tell.output', 'has not ended', undefined],
    ['inputs["nope"]', '"nope" is no input', undefined],
    ['inputs[now]', 'name the input directly', undefined],
    ['item.name', 'only known inside `for-each`', undefined],
    ['failure.message', 'only known in steps of `on-failure`', undefined],
    ['input.name', '"input" is unknown', 'did you mean "inputs"?'],
    ['members.map(m, m.id + inputs.nope)', '"nope" is no input', undefined],
    ['1 + ', 'Unexpected token', undefined],
    ['"a" && true', 'requires bool', undefined],
  ])('%s', (source, message, suggestion) => {
    const { problems } = checkExpression(source, scope);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toContain(message);
    expect(problems[0]?.suggestion).toBe(suggestion);
  });

  it('says what is used, and lets names of macros be', () => {
    expect(
      checkExpression('members.filter(item, item.id == inputs.name).size() + steps.events.output.n', scope),
    ).toEqual({
      problems: [],
      inputs: ['name'],
      steps: ['events'],
    });
  });
});
