/**
 * Temporal's sandbox puts a function in the place of `Date` (@temporalio/workflow, global-overrides), but dates still name
 * the original as their constructor. CEL tells types by the constructor, so it must be the one that its own module sees.
 */
Object.defineProperty(Date.prototype, 'constructor', { value: Date, writable: true, configurable: true });
