/** What only writes need of the kind. */
import type { FieldError } from '../../../kube/field-error.ts';
import type { PodTemplate } from '../../../kube/generated/types.ts';
import { validatePodTemplate } from '../../workload-validation.ts';
import { setPodTemplateDefaults } from './defaults.ts';

export const validate = ({ template }: PodTemplate): FieldError[] =>
  template === undefined ? [] : validatePodTemplate(template, 'template');
export const setDefaults = ({ template }: PodTemplate): void => setPodTemplateDefaults(template);
