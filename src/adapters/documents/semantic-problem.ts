/** What no schema can say of a document: where, and what is wrong there. */
export interface SemanticProblem {
  path: (string | number)[];
  key?: boolean;
  message: string;
  suggestion?: string;
}
