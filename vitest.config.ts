import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/** Templates that src/ imports as text: what esbuild's `text` loader does when they are bundled. */
const text = {
  name: 'text',
  enforce: 'pre' as const,
  load: (id: string) =>
    /\.(ini|sh|yaml)$/.test(id) ? `export default ${JSON.stringify(readFileSync(id, 'utf8'))}` : undefined,
};

/** Tests with real parts mostly wait: two files at a time keep two cores busy. A busy machine is slow, and not wrong. */
const patient = { poll: { timeout: 20_000, interval: 100 } };

export default defineConfig({
  test: {
    projects: [
      { plugins: [text], test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      {
        plugins: [text],
        test: {
          name: 'integration',
          globalSetup: ['test/support/warm-up.ts'],
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 120_000,
          expect: patient,
          hookTimeout: 600_000,
          maxWorkers: 2,
        },
      },
      {
        plugins: [text],
        test: {
          name: 'e2e',
          globalSetup: ['test/support/warm-up.ts'],
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 600_000,
          expect: patient,
          hookTimeout: 1_200_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
