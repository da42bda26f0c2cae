/**
 * Config paths that chp itself sets, so that `config:` of a tenant may not; `*` stands for one segment. The value says
 * what to do instead, where there is something.
 */
export const RESERVED_PATHS: Readonly<Record<string, string>> = {
  'gateway.mode': '',
  'gateway.bind': '',
  'gateway.port': 'set gateway.port of the document',
  'gateway.auth': '',
  'gateway.remote': '',
  'logging.file': '',
  'models.providers.chp-demo': '',
  'models.providers.chp-model': 'set model: of the document',
  'agents.defaults.skipBootstrap': '',
  'agents.defaults.workspace': '',
  'agents.defaults.userTimezone': 'set timezone: of the document',
  'agents.defaults.model.primary': 'set model: of the document',
  'plugins.slots.memory': '',
  'skills.load.extraDirs': 'list it under skills: of the document',
  'skills.allowBundled': '',
  'channels.*': 'write it under channels: of the document',
  env: 'use secrets: of the document',
  update: '',
};

/** Common to all channels, and no channel. */
const ALLOWED = ['channels.defaults'];

/** Why a value may not stand at this path: chp sets it, or something that would have to lie below it. null = it may. */
export function reservedBy(path: readonly string[], value: unknown): { message: string; suggestion?: string } | null {
  const shown = `config.${path.join('.')}`;
  // A key with dots in it is read as a path by some of the gateway's own tools.
  const segments = path.join('.').split('.');
  for (const [reserved, hint] of Object.entries(RESERVED_PATHS)) {
    const wanted = reserved.split('.');
    const common = segments.slice(0, wanted.length);
    if (!common.every((segment, i) => wanted[i] === '*' || wanted[i] === segment)) continue;
    if (ALLOWED.includes(common.join('.'))) continue;
    if (segments.length >= wanted.length)
      return {
        message: `${shown} is set by chp itself and can't be overridden`,
        ...(hint ? { suggestion: hint } : {}),
      };
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return { message: `${shown} must be a map: chp sets ${reserved} in it` };
  }
  return null;
}
