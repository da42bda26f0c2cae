import { expect, test } from 'vitest';
import { steersProcess } from '../../../src/core/secret-names.ts';

test.each(['PATH', 'HOME', 'TZ', 'NODE_OPTIONS', 'LD_PRELOAD', 'CLAWDBOT_CONFIG_PATH', 'CHP_DEMO_PORT'])(
  '%s would steer the process',
  (name) => expect(steersProcess(name)).toBe(true),
);

test.each(['ANTHROPIC_API_KEY', 'HOME_ASSISTANT_TOKEN', 'PATHWAY_KEY', 'CHP_GATEWAY_TOKEN', 'CHP_PAYLOAD_KEY'])(
  '%s would not',
  (name) => expect(steersProcess(name)).toBe(false),
);
