/** The rules of the kind that only writes need; reads never load them. */
export { hasTemplateLabels as isFilledAsRead, setJobDefaults as setDefaults, setLabels as completeValid } from './defaults.ts';
export { prepareForCreate } from './strategy.ts';
export { validateJob as validate, validateJobUpdate as validateUpdate } from './validation.ts';
export { validateJobStatusUpdate as validateStatusUpdate } from './status-validation.ts';
export { jobWarnings as warnings } from './warnings.ts';
