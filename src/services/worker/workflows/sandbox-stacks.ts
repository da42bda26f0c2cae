/**
 * Temporal's SDK takes the stack of every promise a workflow makes, for a query that chp does not offer, and that costs a
 * third of what the workflow thread does (temporalio/sdk-typescript#1587). It has no switch; the innermost frame is enough
 * to find a fault by.
 */
Error.stackTraceLimit = 1;
