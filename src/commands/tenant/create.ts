import { Args, Flags } from '@oclif/core';
import type { Context } from '../../operations/context.ts';
import { createInput } from '../../operations/create-input.ts';
import { createTenant } from '../../operations/create-tenant.ts';
import { presentConverged } from '../../presenters/tenant.ts';
import { fileFlag } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class TenantCreate extends ChpCommand<typeof TenantCreate> {
  static override summary = 'Create a tenant and end with a real agent turn on its host.';
  static override description =
    'Connects to the host, makes identity and base through Pulumi, builds the runtime bundle, activates the first generation and drives it as its user would. Safe to run again: an attempt that was cut goes on. Without flags on a terminal it asks.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> smith --host ops@hub.example --model anthropic --secret-env ANTHROPIC_API_KEY',
    '<%= config.bin %> <%= command.id %> demo --host local --model demo',
    '<%= config.bin %> <%= command.id %> smith --host ops@hub.example --model demo --manager compose',
    '<%= config.bin %> <%= command.id %> smith -f tenant.yaml',
  ];
  static override args = { tenant: Args.string({ description: 'Name: a DNS label of up to 27 characters.' }) };
  static override flags = {
    ...fileFlag,
    topology: Flags.option({
      options: ['hub'] as const,
      default: 'hub' as const,
      description: 'Where the tenant runs.',
    })(),
    host: Flags.string({ description: '`local`, or an SSH target: user@host[:port] or a name from ~/.ssh/config.' }),
    model: Flags.option({
      options: ['anthropic', 'openai', 'openai-compatible', 'demo'] as const,
      description: 'Model provider; `demo` is an offline one that says so.',
    })(),
    'model-id': Flags.string({ description: 'Model id at the provider.' }),
    'model-url': Flags.string({ description: 'Base URL of an OpenAI-compatible server.' }),
    port: Flags.integer({ description: 'Loopback port of the gateway.', min: 1024, max: 65500 }),
    timezone: Flags.string({ description: 'IANA zone of the family.' }),
    manager: Flags.option({
      options: ['auto', 'systemd', 'supervisor', 'compose'] as const,
      description: 'What runs the services: systemd units, chp’s own supervisor, or Docker Compose.',
    })(),
    image: Flags.string({ description: 'With `--manager compose`: image on the host that containers start from.' }),
    skill: Flags.string({ description: '`builtin:<name>` or a folder; may be given often.', multiple: true }),
    'secret-env': Flags.string({
      description: 'Take the secret NAME from the variable of that name; may be given often.',
      multiple: true,
    }),
    'dry-run': Flags.boolean({ description: 'Check host and document, say what would be done, change nothing.' }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const asked = this.interactive && !this.flags.file ? await this.#ask() : {};
    const input = await createInput({ ...this.flags, ...asked, tenant: asked.name ?? this.args.tenant }, context.env);
    if (this.flags['dry-run']) {
      const { previewCreate } = await import('../../operations/preview-create.ts');
      const preview = await previewCreate(context, input);
      return [preview, preview.lines.join('\n')];
    }
    const created = await createTenant(context, input);
    return [created, `${presentConverged(created)}\n\nNext: chp tenant show ${created.tenant}`];
  }

  async #ask(): Promise<{
    name?: string;
    host?: string;
    model?: 'anthropic' | 'openai' | 'openai-compatible' | 'demo';
  }> {
    const { askTenant } = await import('../../presenters/prompts.ts');
    const known = { name: this.args.tenant, host: this.flags.host, provider: this.flags.model };
    const { provider, ...answers } = await askTenant(JSON.parse(JSON.stringify(known)));
    return { ...answers, model: provider as 'demo' };
  }
}
