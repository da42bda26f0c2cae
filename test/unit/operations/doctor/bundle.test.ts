import { expect, test } from 'vitest';
import { withoutSecrets } from '../../../../src/operations/doctor/bundle.ts';

test('tenant.yaml is handed on without tokens and addresses, comments and all', () => {
  const shown = withoutSecrets(
    [
      '# The Smiths',
      'name: smith',
      'model: { provider: anthropic, secret: ANTHROPIC_API_KEY }',
      'members:',
      '  - { id: ana, name: Ana, contacts: [{ kind: sms, address: "+15005550006" }] }',
      'config:',
      '  tools: { apiKey: sk-0123456789abcdef0123456789abcdef, url: "https://ana:hunter22@hub.example/x" }',
      '  port: 18789',
      '',
    ].join('\n'),
  );
  expect(shown).toContain('# The Smiths');
  expect(shown).toContain('secret: ANTHROPIC_API_KEY');
  expect(shown).toContain('port: 18789');
  for (const hidden of ['+15005550006', 'sk-0123456789abcdef', 'hunter22']) expect(shown).not.toContain(hidden);
});

test('what is no YAML is not handed on', () => {
  expect(withoutSecrets('name: "smith\ntoken: abc')).toBe('(no YAML)\n');
});
