/** The rules of the kind that only writes need; reads never load them. */
export { setAutoscalerDefaults as setDefaults } from './defaults.ts';
export { validateAutoscaler as validate, validateAutoscalerStatusUpdate as validateStatusUpdate } from './validation.ts';
