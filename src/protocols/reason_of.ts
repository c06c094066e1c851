/** What went wrong, for a message. */
export function reasonOf(error: unknown): string {
	return error instanceof Error ? error.message : "something other than an Error was thrown";
}
