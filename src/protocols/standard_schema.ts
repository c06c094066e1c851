/**
 * The part of the Standard Schema interface, version 1 (https://standardschema.dev), that is used here. The schemas of
 * zod, valibot, arktype and others have it.
 */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
	/** What a schema offers to other libraries. */
	readonly "~standard": {
		/** The version of the interface. */
		readonly version: 1;
		/** The library that the schema is of. */
		readonly vendor: string;
		/** Checks a value, and may transform it. */
		readonly validate: (value: unknown) => StandardSchemaResult<Output> | Promise<StandardSchemaResult<Output>>;
		/** The types before and after, for the compiler alone. */
		readonly types?: { readonly input: Input; readonly output: Output } | undefined;
	};
}

/** What a schema says about a value: the accepted value, or what is wrong with it. */
export type StandardSchemaResult<Output> =
	| { readonly value: Output; readonly issues?: undefined }
	| { readonly issues: readonly StandardSchemaIssue[] };

/** One thing that is wrong with a value. */
export interface StandardSchemaIssue {
	/** What is wrong. */
	readonly message: string;
	/** Where: the keys that lead there. */
	readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a schema accepts. */
export type StandardSchemaInput<Schema extends StandardSchemaV1> = NonNullable<Schema["~standard"]["types"]>["input"];

/** What a schema returns. */
export type StandardSchemaOutput<Schema extends StandardSchemaV1> = NonNullable<Schema["~standard"]["types"]>["output"];
