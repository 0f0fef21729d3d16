/**
 * A schema of a library that implements Standard Schema v1, such as zod, valibot or arktype. This is a copy of the interface of
 * standardschema.dev, which allows copies, so that this package has no further dependency.
 */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  /** The interface of the schema. */
  readonly '~standard': StandardSchemaV1.Props<Input, Output>
}

/** The types of Standard Schema v1. */
export declare namespace StandardSchemaV1 {
  /** The interface of a schema. */
  interface Props<Input = unknown, Output = Input> {
    /** The version of Standard Schema. */
    readonly version: 1
    /** The name of the library. */
    readonly vendor: string
    /** Validates a value, synchronously or asynchronously. */
    readonly validate: (value: unknown) => Result<Output> | Promise<Result<Output>>
    /** For the compiler only: the types of the schema. */
    readonly types?: Types<Input, Output> | undefined
  }

  /** The result of a validation. */
  type Result<Output> = SuccessResult<Output> | FailureResult

  /** The value is valid. */
  interface SuccessResult<Output> {
    /** The output of the schema. */
    readonly value: Output
    /** Always absent. */
    readonly issues?: undefined
  }

  /** The value is not valid. */
  interface FailureResult {
    /** The issues of the value. */
    readonly issues: readonly Issue[]
  }

  /** One issue of a value. */
  interface Issue {
    /** The description of the issue. */
    readonly message: string
    /** The path of the issue in the value. */
    readonly path?: readonly (PropertyKey | PathSegment)[] | undefined
  }

  /** A segment of the path to an issue. */
  interface PathSegment {
    /** The name of the property, or the index. */
    readonly key: PropertyKey
  }

  /** The types of a schema. */
  interface Types<Input = unknown, Output = Input> {
    /** The input type of the schema. */
    readonly input: Input
    /** The output type of the schema. */
    readonly output: Output
  }

  /** The output type of a schema. */
  type InferOutput<Schema extends StandardSchemaV1> = NonNullable<Schema['~standard']['types']>['output']
}
