import {
  type AgentPort,
  type CallOptions,
  type Channel,
  type OutMessage,
  VerbFailure,
} from '../../core/ports/automation.ts';

/**
 * Telegram where the gateway owns the bot: a bot can have one reader only. A press on a button would reach the agent, and
 * the agent must not answer for people: so there are none, and questions are answered in the inbox.
 */
export function gatewayTelegram(agent: AgentPort | undefined): Channel {
  return {
    name: 'telegram',
    kind: 'telegram',
    reaches: ({ contacts }) => contacts.some(({ kind }) => kind === 'telegram'),
    async send({ to, text, envelope }: OutMessage, options: CallOptions) {
      const address = to.contacts.find(({ kind }) => kind === 'telegram')?.address ?? '';
      if (!agent?.send) throw new VerbFailure('unavailable', 'the gateway can’t be asked to write');
      const hint = envelope ? `\n\nPlease answer in the inbox: ${envelope.id}` : '';
      const { id } = await agent.send({ channel: 'telegram', to: address, text: text + hint }, options);
      return { via: 'telegram', id };
    },
    check: () =>
      Promise.resolve(
        agent?.send
          ? { ok: true, detail: 'the gateway’s bot; its own check says how it is' }
          : { ok: false, detail: 'the gateway can’t be asked to write' },
      ),
  };
}
