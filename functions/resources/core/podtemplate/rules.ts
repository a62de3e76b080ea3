/** The rules of the kind that only writes need; reads never load them. */
import { workloadWarnings } from '../pod/warnings.ts';

import type { FieldError } from '../../../kube/field-error.ts';
import type { PodTemplate } from '../../../kube/generated/types.ts';
import { validatePodTemplate } from '../../workload-validation.ts';
import { setPodTemplateDefaults } from './defaults.ts';

export const validate = ({ template }: PodTemplate): FieldError[] =>
  template === undefined ? [] : validatePodTemplate(template, 'template');
export const setDefaults = ({ template }: PodTemplate): void => setPodTemplateDefaults(template);

export const warnings = workloadWarnings<PodTemplate>(({ template }) => template, { isNamed: false, path: 'template' });
