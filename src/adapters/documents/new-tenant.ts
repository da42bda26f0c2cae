import { Document } from 'yaml';
import type { TenantDocument } from '../../core/tenant/schema.ts';

/** A fresh tenant.yaml with the comments a newcomer needs. */
export function newTenantText(document: TenantDocument): string {
  const yaml = new Document(document);
  yaml.commentBefore = [
    ' yaml-language-server: $schema=https://clawd-home.dev/schemas/tenant.schema.json',
    ` Desired state of the tenant "${document.name}". Every key: docs/tenant-yaml.md`,
    ` After a change: chp tenant plan ${document.name} -f FILE, then chp tenant apply ${document.name} -f FILE`,
  ].join('\n');
  return yaml.toString({ lineWidth: 0 });
}
