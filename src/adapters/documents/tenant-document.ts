import type { Document } from 'yaml';
import { badDocument } from '../../core/documents/problems.ts';
import { schemaProblems } from '../../core/documents/schema-problems.ts';
import { parseYaml } from '../../core/documents/yaml.ts';
import { withDefaults } from '../../core/tenant/defaults.ts';
import type { Tenant, TenantDocument } from '../../core/tenant/schema.ts';
import { semanticProblems } from './tenant-rules.ts';
import { tenantValidator } from './tenant-validator.ts';

export interface ParsedTenant {
  document: TenantDocument;
  tenant: Tenant;
  /** For edits that keep comments. */
  yaml: Document;
}

const NEXT = ['Every key is described in docs/tenant-yaml.md; editors complete it from schemas/tenant.schema.json.'];

/** Parses and validates tenant.yaml. @throws BAD_DOCUMENT naming every problem at its line and column */
export function parseTenant(text: string, file: string): ParsedTenant {
  const parsed = parseYaml(text, file, NEXT);
  const wrong = schemaProblems(tenantValidator(), parsed);
  if (wrong.length > 0) throw badDocument(file, text, wrong, NEXT);
  const document = parsed.value as TenantDocument;
  const problems = semanticProblems(document).map(({ path, key, ...problem }) => ({
    ...problem,
    ...parsed.locate(path, key),
  }));
  if (problems.length > 0) throw badDocument(file, text, problems, NEXT);
  return { document, tenant: withDefaults(document), yaml: parsed.yaml };
}
