// Each operation of n8n's Copper node, and its trigger; prints the answers as one JSON object.
// Usage: node --require hosts.cjs copper_session.cjs USER_EMAIL API_KEY
'use strict';

const { once } = require('node:events');
const http = require('node:http');

const { Copper } = require('n8n-nodes-base/dist/nodes/Copper/Copper.node.js');
const { CopperTrigger } = require('n8n-nodes-base/dist/nodes/Copper/CopperTrigger.node.js');
const { CopperApi } = require('n8n-nodes-base/dist/credentials/CopperApi.credentials.js');
const { refused, runner } = require('./n8n.cjs');

const [email, apiKey] = process.argv.slice(2);
const run = runner(new Copper(), new CopperApi(), { email, apiKey });
const seen = {};

const phone_numbers = { phoneFields: [{ number: '42424242', category: 'mobile' }] };
const address = { addressFields: { street: 'street', city: 'city', state: 'state', postal_code: '1001', country: 'AT' } };
const emails = { emailFields: [{ email: 'ada@b.example', category: 'work' }] };
const one = { emailFields: { email: 'grace@b.example', category: 'work' } };

/** Subscribe with n8n's trigger, make a person, and return what the trigger hands on of the notification. */
async function triggered() {
  const kept = {};
  const trigger = runner(new CopperTrigger(), new CopperApi(), { email, apiKey });
  const { checkExists, create, delete: remove } = new CopperTrigger().webhookMethods.default;
  const server = http.createServer().listen(0, 'localhost');
  await once(server, 'listening');
  const context = {
    ...trigger.context({ resource: 'person', event: 'new' }),
    getWorkflowStaticData: () => kept,
    getNodeWebhookUrl: () => `http://localhost:${server.address().port}/webhook`,
  };
  const steps = [await checkExists.call(context), await create.call(context), await checkExists.call(context)];
  const asked = once(server, 'request');
  const [{ id }] = await run({ resource: 'person', operation: 'create', name: 'Newcomer' });
  const [request, response] = await asked;
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  response.end();
  server.close();
  const body = JSON.parse(Buffer.concat(chunks));
  const { workflowData } = await new CopperTrigger().webhook.call({ ...context, getRequestObject: () => ({ body }) });
  const [[{ json }]] = workflowData;
  steps.push(await remove.call(context), await checkExists.call(context));
  return [steps, json.type, json.event, json.ids[0] === id];
}

async function main() {
  const [source] = await run({ resource: 'customerSource', operation: 'getAll', limit: 1 });
  const [user] = await run({ resource: 'user', operation: 'getAll', limit: 1 });
  seen.settings = [source.name, typeof user.id];

  const [{ id: contact }] = await run({ resource: 'person', operation: 'create', name: 'Kofi Mensah' });
  const objects = {
    company: { create: { additionalFields: { address, details: 'd', email_domain: 'Test1625825275', phone_numbers } }, search: { country: 'AT' } },
    lead: { create: { additionalFields: { address, email: one, phone_numbers } }, search: { name: 'a lead' } },
    opportunity: { create: { customerSourceId: source.id, primaryContactId: contact }, search: { customer_source_ids: `${source.id}` } },
    person: { create: { additionalFields: { address, details: 'd', emails, phone_numbers } }, search: { name: 'a person' } },
    project: { create: { additionalFields: { assignee_id: user.id, details: 'd', status: 'Open' } }, search: { name: 'a project' } },
    task: { create: { additionalFields: { assignee_id: user.id, details: 'd', priority: 'High', status: 'Open' } }, search: { assignee_ids: `${user.id}` } },
  };
  for (const [resource, { create, search }] of Object.entries(objects)) {
    const [made] = await run({ resource, operation: 'create', name: `a ${resource}`, ...create });
    const id = { [`${resource}Id`]: `${made.id}` };
    const [read] = await run({ resource, operation: 'get', ...id });
    const found = await run({ resource, operation: 'getAll', returnAll: true, filterFields: search });
    const [changed] = await run({ resource, operation: 'update', ...id, updateFields: { name: `the ${resource}` } });
    const [gone] = await run({ resource, operation: 'delete', ...id });
    seen[resource] = [read.name, found.map((each) => each.id === made.id), changed.name, gone.is_deleted];
  }
  seen['ids typed as text'] = await refused(() =>
    run({ resource: 'opportunity', operation: 'create', name: 'Gold', customerSourceId: `${source.id}`, primaryContactId: `${contact}` }),
  );
  seen['email_domain of a person'] = await refused(() =>
    run({ resource: 'person', operation: 'create', name: 'Bea', additionalFields: { email_domain: 'b.example' } }),
  );
  seen['a missing one'] = await refused(() => run({ resource: 'person', operation: 'get', personId: '1' }));
  const stranger = runner(new Copper(), new CopperApi(), { email, apiKey: 'wrong' });
  seen.stranger = await refused(() => stranger({ resource: 'user', operation: 'getAll' }));

  // It asks for page 1 again and again, until it has as many records as there are.
  const everybody = await run({ resource: 'company', operation: 'getAll', returnAll: true, filterFields: {} });
  seen.companies = [everybody.length, new Set(everybody.map((each) => each.id)).size];

  seen['the trigger'] = await triggered();
  console.log(JSON.stringify(seen));
}

main();
