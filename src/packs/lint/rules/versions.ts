import semver from 'semver';
import type { Finding, LintRule } from '../rule.ts';

export const versions: LintRule = {
  name: 'versions',
  about: 'The version is semver, and what asks for versions is a semver range.',
  check({ document }) {
    const { version, chp, requires } = document;
    const found: Finding[] = [];
    if (semver.valid(version) !== version)
      found.push({ path: ['version'], message: `"${version}" is no semver version, such as 1.0.0` });
    const ranges: [string[], string | undefined][] = [
      [['chp'], chp],
      ...Object.entries(requires?.skills ?? {}).map(([name, range]): [string[], string] => [
        ['requires', 'skills', name],
        range,
      ]),
    ];
    for (const [path, range] of ranges)
      if (range !== undefined && semver.validRange(range) === null)
        found.push({ path, message: `"${range}" is no semver range, such as ^1.0.0` });
    return found;
  },
};
