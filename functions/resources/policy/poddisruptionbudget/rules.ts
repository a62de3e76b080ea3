/** The rules of the kind that only writes need; reads never load them. */
export { validatePodDisruptionBudget as validate, validatePodDisruptionBudgetStatusUpdate as validateStatusUpdate } from './validation.ts';
