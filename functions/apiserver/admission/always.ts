/** The two plug-ins that decide alike about everything. Source: plugin/pkg/admission/{admit,deny}/admission.go. */
import type { AdmissionPlugin } from '../ports.ts';
import { refuse } from './refuse.ts';

export const alwaysAdmit: AdmissionPlugin = { name: 'AlwaysAdmit', handles: () => false };

export const alwaysDeny: AdmissionPlugin = {
  name: 'AlwaysDeny',
  handles: () => true,
  async admit(attributes) {
    throw refuse(attributes, 'admission control is denying all modifications');
  },
};
