import { Args, Flags } from '@oclif/core';

/** Arguments and flags that many commands share. */
export const tenantArg = { tenant: Args.string({ description: 'Name of the tenant.', required: true }) };
export const stageFlag = {
  stage: Flags.boolean({ description: 'Only record the change; `chp tenant apply` pushes it.' }),
};
export const yesFlag = { yes: Flags.boolean({ char: 'y', description: 'Do not ask.' }) };
export const fileFlag = { file: Flags.string({ char: 'f', description: 'tenant.yaml; `-` for standard input.' }) };
export const catalogueArg = { catalogue: Args.string({ description: 'Name of the catalogue.', required: true }) };
export const catalogueFlag = {
  catalogue: Flags.string({ description: 'Name of the catalogue, where more than one could be meant.' }),
};
export const catalogueNameFlags = {
  name: Flags.string({ description: 'What it is called here.', default: 'home' }),
  scope: Flags.string({ description: 'npm scope of its packs.', default: '@clawd-packs' }),
  url: Flags.string({ description: 'Address under which npm’s tools will find it.' }),
};
export const keyExpiresFlag = {
  expires: Flags.string({ description: 'Date after which the key signs nothing any more.' }),
};
export const packArg = {
  pack: Args.string({ description: '[catalogue/]id[@version, range or channel].', required: true }),
};
export const allowYankedFlag = {
  'allow-yanked': Flags.boolean({ description: 'Also a version that was withdrawn, when its number is given.' }),
};
