import { describe, expect, test } from 'vitest';
import { newTenantText } from '../../../src/adapters/documents/new-tenant.ts';
import type { TenantRecord } from '../../../src/core/ports/registry.ts';
import { freePort, placed, portOf, takenPorts, withPort } from '../../../src/operations/choose-port.ts';

const document = (port?: number): string =>
  newTenantText({
    schema: 1,
    name: 'smith',
    topology: 'hub',
    host: 'hub',
    model: { provider: 'demo' },
    ...(port ? { gateway: { port } } : {}),
  });
const record = (name: string, host: string, port?: number): TenantRecord =>
  ({ name, host, document: document(port).replaceAll('smith', name) }) as TenantRecord;

describe('a port is chosen', () => {
  test.each<[string, number[], TenantRecord[], number]>([
    ['the default one, and nothing is written', [22], [], 18_789],
    ['the next when another program has it', [18_789], [], 18_799],
    ['the next when what runs beside it has no room', [18_796], [], 18_799],
    ['beside other tenants of the host', [], [record('jones', 'hub'), record('brown', 'hub', 18_799)], 18_809],
    ['other hosts do not matter', [], [record('jones', 'elsewhere')], 18_789],
  ])('%s', (_, listening, others, port) => {
    const input = { document: document(), file: 'tenant.yaml', choosePort: true };
    const chosen = placed(input, takenPorts(listening, 'hub', others));
    expect(portOf(chosen)).toBe(port);
    if (port === 18_789) expect(chosen).toBe(document());
    else expect(chosen).toContain('# Desired state');
  });

  test('none is left', () => {
    const listening = Array.from({ length: 1_200 }, (_, i) => 18_700 + i);
    expect(() => freePort(takenPorts(listening, 'hub', []))).toThrow(expect.objectContaining({ code: 'CONFLICT' }));
  });
});

describe('a port that was given', () => {
  test('is refused when it is taken, naming by whom and a free one', () => {
    const taken = takenPorts([18_811], 'hub', [record('jones', 'hub')]);
    const given = (port?: number) => ({ document: document(port), file: 't' });
    expect(() => placed(given(), taken)).toThrow(
      expect.objectContaining({
        code: 'CONFLICT',
        message: 'port 18789 is taken on the host by the tenant jones',
        next: [expect.stringContaining('--port 18799')],
      }),
    );
    expect(() => placed(given(18_806), taken)).toThrow(
      expect.objectContaining({
        message: 'port 18811 is taken on the host by another program',
        why: expect.any(String),
      }),
    );
    expect(placed(given(20_000), taken)).toBe(document(20_000));
  });

  test('is kept when an attempt is taken up', () => {
    expect(portOf(withPort(document(), 't', 20_000))).toBe(20_000);
    expect(withPort(document(), 't', 18_789)).toBe(document());
  });
});
