/** What only writes need of the kind. */
export { setAutoscalerDefaults as setDefaults } from './defaults.ts';
export { validateAutoscaler as validate, validateAutoscalerStatusUpdate as validateStatusUpdate } from './validation.ts';
