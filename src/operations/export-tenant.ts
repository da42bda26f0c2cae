import { parseTenant } from '../adapters/documents/tenant-document.ts';
import type { Context } from './context.ts';

/** A tenant's tenant.yaml as it is recorded: parsed, and its text with comments. @throws TENANT_NOT_FOUND */
export async function exportTenant(
  context: Context,
  name: string,
): Promise<{ document: ReturnType<typeof parseTenant>['document']; text: string }> {
  const { document: text } = await (await context.registry()).tenant(name);
  return { document: parseTenant(text, 'tenant.yaml').document, text };
}
