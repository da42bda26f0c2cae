/** Dies here when CHP_FAILPOINT says `worker:<step>`: the fault matrix of the tests. */
export function failpoint(step: string): void {
  if (process.env.CHP_FAILPOINT === `worker:${step}`) process.kill(process.pid, 'SIGKILL');
}
