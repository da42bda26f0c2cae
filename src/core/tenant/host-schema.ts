import { Type } from 'typebox';
import { IMAGE_PATTERN } from '../names.ts';
import { closed, oneOf } from './schema-parts.ts';

/** The parts of tenant.yaml that say how its host runs it. */

export const MANAGERS = ['auto', 'systemd', 'supervisor', 'compose'] as const;

export const ServicesSchema = Type.Object(
  {
    manager: Type.Optional(
      oneOf(MANAGERS, {
        default: 'auto',
        description:
          '`auto`: systemd where it runs and root is to be had, else chp’s own supervisor. `compose`: Docker Compose.',
      }),
    ),
    image: Type.Optional(
      Type.String({
        pattern: IMAGE_PATTERN,
        maxLength: 255,
        description:
          'Only for `compose`: an image on the host, with a shell and glibc, that containers start from. Without it chp makes one there from the host’s own files, so nothing is pulled.',
        examples: ['debian:bookworm-slim'],
      }),
    ),
    memoryMaxMb: Type.Optional(
      Type.Integer({
        minimum: 512,
        maximum: 65536,
        default: 2048,
        description: 'Memory limit of the gateway, MiB.',
      }),
    ),
  },
  { ...closed, description: 'How the processes are run.' },
);

export const HardeningSchema = Type.Object(
  {
    firewall: Type.Optional(
      Type.Boolean({
        default: true,
        description:
          'Default-deny nftables table (IPv4 and IPv6) with SSH and the `allowPorts` of all tenants of the host open. It goes with the last tenant that wants it.',
      }),
    ),
    allowPorts: Type.Optional(
      Type.Array(Type.Integer({ minimum: 1, maximum: 65535 }), { description: 'Further inbound TCP ports.' }),
    ),
    fail2ban: Type.Optional(Type.Boolean({ default: false, description: 'Install and enable fail2ban for sshd.' })),
    unattendedUpgrades: Type.Optional(
      Type.Boolean({ default: false, description: 'Install and enable unattended security updates.' }),
    ),
  },
  { ...closed, description: 'What chp hardens on the host (SSH hosts with root).' },
);
