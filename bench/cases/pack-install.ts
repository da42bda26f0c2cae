import { createTenant } from '../../src/operations/create-tenant.ts';
import { installPack, removePack } from '../../src/operations/packs/install-pack.ts';
import { pushSkills } from '../../src/operations/skills.ts';
import { documentOf, lacksHosts, startFleet } from '../fleet.ts';
import { type BenchCase, median } from '../harness.ts';

const TENANT = 't2';
const PACK = 'emergency-playbook';
const [PUSH, INSTALL] = ['converged push', 'chp pack install'];

const automated = [
  'members: [{ id: ana, name: Ana, role: Adult }, { id: ben, name: Ben, role: Adult }]',
  'packs:',
  '  - { id: elder-care, inputs: { person: ben, medicine: the white one, carers: [ana] } }',
  '',
].join('\n');
const skills = ['elder-care', 'family-comms', 'emergency'].map(
  (name) => `  - { name: ${name}, source: builtin:${name} }\n`,
);

export default {
  name: 'pack-install',
  title: 'Install a pack on a tenant that has others, over SSH, beside a push of 91 files of which none changed',
  rounds: 7,
  lacks: lacksHosts,
  prepare: async () => {
    const fleet = await startFleet();
    const { context } = fleet;
    const plain = documentOf({ tenant: TENANT, host: 'chp-host-1', skill: fleet.skill, port: 18_889 });
    const document = `${plain}${skills.join('')}${automated}`;
    await createTenant(context, { document, file: `${TENANT}.yaml`, baseDir: fleet.dir, secrets: new Map() });
    const inputs = { meeting_point: 'the old oak', leaders: ['ana'] };
    const steps = new Map<string, number[]>();
    let installed = false;
    const remove = async () => {
      if (installed) await removePack(context, TENANT, PACK, false);
    };
    const install = async () => {
      const { pushed } = await installPack(context, TENANT, PACK, { inputs, stage: false, allowYanked: false });
      installed = true;
      for (const [step, ms] of Object.entries(pushed?.timings ?? {})) steps.set(step, [...(steps.get(step) ?? []), ms]);
    };
    return {
      sides: [
        { label: PUSH, run: () => pushSkills(context, TENANT, undefined) },
        { label: INSTALL, before: remove, run: install },
      ],
      limits: [{ subject: INSTALL, than: PUSH, atMost: 2 }],
      notes: () => [
        'Both in a process that is there already. An install reads the pack through the gate, locks it, pushes a generation, lets the worker take it in, and checks that it runs there.',
        `Of an install, on the host: ${[...steps].map(([step, all]) => `${step} ${median(all).toFixed(0)} ms`).join(', ')}.`,
      ],
      [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose](),
    };
  },
} satisfies BenchCase;
