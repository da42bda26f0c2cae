import { didYouMean } from '../../../core/documents/problems.ts';
import type { ParsedYaml } from '../../../core/documents/yaml.ts';
import { valueProblems } from '../../check-value.ts';
import { DEVICE_CONNECTOR, operationOf } from '../../connectors/index.ts';
import type { Fixture, FixtureAnswer } from '../../fixture.ts';
import { fixtureName, readFixture } from '../../fixture-file.ts';
import { DEFAULT_MEMBERS } from '../../fixture-player.ts';
import { resolveInputs } from '../../inputs.ts';
import { operationAt } from '../../risk.ts';
import type { Finding, LintedPack, LintRule } from '../rule.ts';

export const fixtures: LintRule = {
  name: 'fixtures',
  about: 'Fixtures are valid, name what the pack has, and answer as connectors do. There is at least one.',
  check(pack) {
    const texts = [...pack.files].filter(([path]) => path.startsWith('fixtures/'));
    if (texts.length === 0)
      return [{ message: 'the pack has no fixture: nothing shows that it works', severity: 'warning', path: ['id'] }];
    return texts.flatMap(([file, text]): Finding[] => {
      if (fixtureName(file) === null) return [{ file, message: 'a fixture is named fixtures/NAME.yaml' }];
      const { problems, fixture, yaml } = readFixture(text);
      if (!fixture || !yaml)
        return problems.map(({ line, col, ...problem }) => ({ file, place: { line, col }, ...problem }));
      return ofFixture(fixture, pack).map(({ path = [], ...finding }) => ({
        ...finding,
        file,
        place: placeOf(yaml, path),
      }));
    });
  },
};

const placeOf = (yaml: ParsedYaml, path: Finding['path'] & object): { line: number; col: number } => yaml.locate(path);

function ofFixture(fixture: Fixture, pack: LintedPack): Finding[] {
  const members = (fixture.members ?? DEFAULT_MEMBERS).map(({ id }) => id);
  const { problems } = resolveInputs(pack.document.inputs ?? {}, fixture.inputs ?? {}, members);
  const { expect, answers = [], decisions = [] } = fixture;
  const lists: [string[], readonly { step?: string }[]][] = [
    [['answers'], answers],
    [['decisions'], decisions],
    [['expect', 'calls'], expect.calls ?? []],
    [['expect', 'never'], expect.never ?? []],
  ];
  return [
    ...problems.map(({ input, message }) => ({ path: ['inputs', input], message: `inputs: ${message}` })),
    ...lists.flatMap(([path, list]) =>
      list.flatMap(({ step }, index) => (step === undefined ? [] : unknownStep(step, [...path, index, 'step'], pack))),
    ),
    ...answers.flatMap((answer, index) => ofAnswer(answer, ['answers', index], pack)),
    ...decisions.flatMap(({ by }, index): Finding[] =>
      members.includes(by)
        ? []
        : [
            {
              path: ['decisions', index, 'by'],
              message: `"${by}" is no member here; members are ${members.join(', ')}`,
            },
          ],
    ),
  ];
}

function unknownStep(step: string, path: (string | number)[], { steps }: LintedPack): Finding[] {
  const id = (step.split('/').at(-1) ?? '').replace(/\[\d+\]$/, '');
  const known = steps.map((walked) => walked.step.id);
  return known.includes(id) ? [] : [{ path, message: `there is no step "${step}"`, suggestion: didYouMean(id, known) }];
}

/** What a connector is said to answer has the form that it has. */
function ofAnswer(answer: FixtureAnswer, path: (string | number)[], { steps }: LintedPack): Finding[] {
  if ((answer.result === undefined) === (answer.failure === undefined))
    return [{ path, message: 'an answer has one of result, failure' }];
  const { connector, operation, step } = answer;
  const at = steps.find((walked) => walked.step.id === step)?.step;
  const named = operation === undefined ? null : operationOf(connector ?? DEVICE_CONNECTOR, operation);
  if (operation !== undefined && connector !== undefined && !named)
    return [{ path: [...path, 'operation'], message: `${connector} has no operation "${operation}"` }];
  const meant = named ?? (at ? operationAt(at) : null);
  if (!meant || answer.result === undefined) return [];
  return valueProblems(meant.result, answer.result).map((problem) => ({
    path: [...path, 'result', ...problem.path],
    message: `result: ${problem.message}`,
  }));
}
