import type { ToStringOptions } from 'yaml';

/** How a document is written, as far as an edit must not change it everywhere. */
export interface Layout {
  options: ToStringOptions;
  /** Line ends and byte order mark as they were. */
  restore(text: string): string;
}

/** Pure. */
export function layoutOf(text: string): Layout {
  const crlf = /\r\n/.test(text);
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : '';
  return {
    options: {
      lineWidth: 0,
      indentSeq: !/^( *)[^\s#-][^\n]*:\s*(#[^\n]*)?\r?\n\1- /m.test(text),
      flowCollectionPadding: !/[{[][^\s{}[\]]/.test(text),
      ...(/^ {4}\S/m.test(text) && !/^ {2}\S/m.test(text) ? { indent: 4 } : {}),
    },
    restore: (edited) => mark + (crlf ? edited.replace(/\r?\n/g, '\r\n') : edited),
  };
}
