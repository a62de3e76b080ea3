/** What only writes need of the kind. */
export { validatePodDisruptionBudget as validate, validatePodDisruptionBudgetStatusUpdate as validateStatusUpdate } from './validation.ts';
