/**
 * A schema of any library that implements Standard Schema v1, such as zod, valibot or arktype. A copy of the interface of standardschema.dev,
 * which allows that, so that this package depends on no other.
 */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  /** What the library offers to others. */
  readonly '~standard': StandardSchemaV1.Props<Input, Output>
}

/** The types of Standard Schema v1. */
export declare namespace StandardSchemaV1 {
  /** What a schema offers. */
  interface Props<Input = unknown, Output = Input> {
    /** The version of Standard Schema. */
    readonly version: 1
    /** The name of the library. */
    readonly vendor: string
    /** Validates a value, at once or later. */
    readonly validate: (value: unknown) => Result<Output> | Promise<Result<Output>>
    /** For the compiler only: the types of the schema. */
    readonly types?: Types<Input, Output> | undefined
  }

  /** What a validation results in. */
  type Result<Output> = SuccessResult<Output> | FailureResult

  /** The value is valid. */
  interface SuccessResult<Output> {
    /** What the schema has made of it. */
    readonly value: Output
    /** There are none. */
    readonly issues?: undefined
  }

  /** The value is not valid. */
  interface FailureResult {
    /** What is wrong with it. */
    readonly issues: readonly Issue[]
  }

  /** One thing that is wrong with a value. */
  interface Issue {
    /** What is wrong, in words. */
    readonly message: string
    /** Where in the value it is. */
    readonly path?: readonly (PropertyKey | PathSegment)[] | undefined
  }

  /** A step of the way to an issue. */
  interface PathSegment {
    /** The name of the property, or the index. */
    readonly key: PropertyKey
  }

  /** The types of a schema. */
  interface Types<Input = unknown, Output = Input> {
    /** What the schema takes. */
    readonly input: Input
    /** What it makes of that. */
    readonly output: Output
  }

  /** The type of what a schema makes of a value. */
  type InferOutput<Schema extends StandardSchemaV1> = NonNullable<Schema['~standard']['types']>['output']
}
