import type { ResourceType } from './resource-facts.ts';

/**
 * A resource type that does nothing offline: it is known so that references to it resolve. One that names a function of
 * the stack as what it invokes is refused all the same (`refuseInvokers`).
 */
export interface InertType extends ResourceType {
  /** What a person must know who runs the stack without it; absent where no function would notice. */
  readonly warning?: string;
  /** Properties that may name functions, and invoke none: policies, texts. */
  readonly mayName?: readonly string[];
  /** Properties that are refused, whatever they name, by why. */
  readonly refused?: Readonly<Record<string, string>>;
  /** Whether it invokes functions by their names alone, or through an API or URL, as well as by ARN. */
  readonly invokesBy?: 'name' | 'address';
}

export const AWS_ONLY = 'exists in AWS only; what calls it offline fails';
