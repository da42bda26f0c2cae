import { Args, Flags } from '@oclif/core';

/** Arguments and flags that many commands share. */
export const tenantArg = { tenant: Args.string({ description: 'Name of the tenant.', required: true }) };
export const stageFlag = {
  stage: Flags.boolean({ description: 'Only record the change; `chp tenant apply` pushes it.' }),
};
export const yesFlag = { yes: Flags.boolean({ char: 'y', description: 'Do not ask.' }) };
export const fileFlag = { file: Flags.string({ char: 'f', description: 'tenant.yaml; `-` for standard input.' }) };
export const packIdArg = { pack: Args.string({ description: 'Id of the pack.', required: true }) };
export const inputFlag = {
  input: Flags.string({
    description: 'Value of an input, as NAME=VALUE; the value is YAML. May be given several times.',
    multiple: true,
  }),
};
export const memberFlag = { as: Flags.string({ description: 'Member on whose behalf.' }) };
