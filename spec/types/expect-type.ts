/* eslint-disable typescript/no-unnecessary-type-parameters -- the types are all there is */

/** Whether two types are the same, including `any` and modifiers. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Compiles if the type is `true`: `expectType<Same<typeof value, string>>()`. */
export function expectType<_Claim extends true>(): void {}
