/** Secret that holds the gateway's token; made with the tenant's identity. */
export const GATEWAY_TOKEN = 'CHP_GATEWAY_TOKEN';

/** Secret that holds the key (32 bytes, base64) by which the worker's payloads are encrypted before Temporal keeps them. */
export const PAYLOAD_KEY = 'CHP_PAYLOAD_KEY';

/** Secret that backups are encrypted with; made with the first one. The host gets it along with each request, encrypted to it. */
export const BACKUP_KEY = 'CHP_BACKUP_KEY';

/** Secrets that nobody gives: chp makes them, and `secret rotate` makes new ones. */
export const MADE_BY_CHP: ReadonlySet<string> = new Set([GATEWAY_TOKEN, PAYLOAD_KEY, BACKUP_KEY]);

/** Variables that steer a process: a secret of such a name would take their place. */
const STEERS = /^(PATH|HOME|SHELL|USER|LOGNAME|TMPDIR|TZ|(NODE|LD|CHP|CLAWDBOT|OPENCLAW)_.*)$/;

/** A secret reaches its process as a variable of its name; this one may not. */
export const steersProcess = (name: string): boolean => STEERS.test(name) && !MADE_BY_CHP.has(name);
