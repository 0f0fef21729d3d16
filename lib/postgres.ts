export { PostgresBackplane } from './postgres/postgres-backplane.ts'
export type { PostgresBackplaneOptions } from './postgres/postgres-backplane.ts'
export type { PostgresClient, PostgresNotification, PostgresPool } from './postgres/postgres-client.ts'
