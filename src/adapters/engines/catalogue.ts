/** An engine that chp drives: where it is found, fetched or built. */
export interface Engine {
  name: string;
  /** The version that is fetched or built. */
  version: string;
  /** The oldest one on PATH that is good enough. */
  minimum: string;
  /** `argv` that prints a version. */
  versionArgs: readonly string[];
  /** Official release: archive, the path of the binary's folder in it (`.` = its root), and a file with its checksum. */
  download(
    platform: NodeJS.Platform,
    arch: string,
  ): { url: string; checksums: string; file: string; folder: string } | null;
  /** A throw-away Go module that builds it. */
  build: { require: string; package: string; ldflags: string };
}

/** A machine that an engine runs on. */
export interface EngineTarget {
  platform: NodeJS.Platform;
  /** As node names it: x64, arm64. */
  arch: string;
}

const PULUMI = '3.259.0';
const TEMPORAL = '1.5.1';

export const ENGINES: readonly Engine[] = [
  {
    name: 'pulumi',
    version: PULUMI,
    minimum: '3.200.0',
    versionArgs: ['version'],
    download(platform, arch) {
      const os = { linux: 'linux', darwin: 'darwin' }[platform as string];
      const cpu = { x64: 'x64', arm64: 'arm64' }[arch];
      if (!os || !cpu) return null;
      const base = `https://github.com/pulumi/pulumi/releases/download/v${PULUMI}`;
      const file = `pulumi-v${PULUMI}-${os}-${cpu}.tar.gz`;
      return { url: `${base}/${file}`, checksums: `${base}/pulumi-${PULUMI}-checksums.txt`, file, folder: 'pulumi' };
    },
    build: {
      require: `github.com/pulumi/pulumi/pkg/v3 v${PULUMI}`,
      package: 'github.com/pulumi/pulumi/pkg/v3/cmd/pulumi',
      ldflags: `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${PULUMI}`,
    },
  },
  {
    name: 'temporal',
    version: TEMPORAL,
    minimum: '1.5.0',
    versionArgs: ['--version'],
    download(platform, arch) {
      const os = { linux: 'linux', darwin: 'darwin' }[platform as string];
      const cpu = { x64: 'amd64', arm64: 'arm64' }[arch];
      if (!os || !cpu) return null;
      const base = `https://github.com/temporalio/cli/releases/download/v${TEMPORAL}`;
      const file = `temporal_cli_${TEMPORAL}_${os}_${cpu}.tar.gz`;
      return { url: `${base}/${file}`, checksums: `${base}/checksums.txt`, file, folder: '.' };
    },
    build: {
      require: `github.com/temporalio/cli v${TEMPORAL}`,
      package: 'github.com/temporalio/cli/cmd/temporal',
      // Without the -X it calls itself 0.0.0-DEV.
      ldflags: `-s -w -X github.com/temporalio/cli/temporalcli.Version=${TEMPORAL}`,
    },
  },
];
