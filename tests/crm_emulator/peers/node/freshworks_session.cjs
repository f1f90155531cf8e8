// Each operation of n8n's Freshworks CRM node and each list that it fills its menus with; prints the answers as one JSON object.
// Usage: node --require hosts.cjs freshworks_session.cjs DOMAIN API_KEY
'use strict';

const { FreshworksCrm } = require('n8n-nodes-base/dist/nodes/FreshworksCrm/FreshworksCrm.node.js');
const { FreshworksCrmApi } = require('n8n-nodes-base/dist/credentials/FreshworksCrmApi.credentials.js');
const { refused, runner } = require('./n8n.cjs');

const [domain, apiKey] = process.argv.slice(2);
const run = runner(new FreshworksCrm(), new FreshworksCrmApi(), { domain, apiKey });
const seen = {};

/** Return the choices of a menu of the node, as name and value. */
const menu = (name, resource = 'contact') =>
  new FreshworksCrm().methods.loadOptions[name].call(run.context({ resource, operation: 'getAll', returnAll: true }));

async function main() {
  seen.menus = {};
  for (const name of Object.keys(new FreshworksCrm().methods.loadOptions)) seen.menus[name] = (await menu(name)).length;
  const chosen = async (name) => (await menu(name))[0].value;
  const view = async (name, resource) => (await menu(name, resource)).find((each) => /^(All|My Deals)/.test(each.name)).value;
  const owner_id = await chosen('getUsers');

  // One of each, made with what the forms offer
  const [account] = await run({
    resource: 'account', operation: 'create', name: 'Widgets',
    additionalFields: { address: 'Ring 1', annual_revenue: 1000, business_type_id: await chosen('getBusinessTypes'), city: 'Graz', country: 'Austria',
      facebook: 'f', industry_type_id: await chosen('getIndustryTypes'), linkedin: 'l', number_of_employees: 20, owner_id, phone: '1',
      state: 's', territory_id: await chosen('getTerritories'), twitter: 't', website: 'https://w.example', zipcode: '8010' },
  });
  const [contact] = await run({
    resource: 'contact', operation: 'create', firstName: 'Ada', lastName: 'Rivera', emails: 'ada@b.example',
    additionalFields: { campaign_id: await chosen('getCampaigns'), city: 'Graz', external_id: 'x1', job_title: 'CEO', keyword: 'k',
      lifecycle_stage_id: await chosen('getLifecycleStages'), medium: 'm', mobile_number: '2', owner_id, sales_accounts: [account.id],
      subscription_status: '1', subscription_types: '2;3', time_zone: 'Vienna', work_number: '3', zipcode: '8010' },
  });
  const [deal] = await run({
    resource: 'deal', operation: 'create', name: 'Gold', amount: 5600,
    additionalFields: { currency_id: await chosen('getCurrencies'), deal_pipeline_id: await chosen('getDealPipelines'),
      deal_type_id: await chosen('getDealTypes'), deal_product_id: await chosen('getDealProducts'), owner_id, probability: 50, sales_account_id: account.id },
  });
  const target = { targetableType: 'Contact', targetable_id: `${contact.id}` };
  const [note] = await run({ resource: 'note', operation: 'create', description: 'hi', ...target });
  const [task] = await run({ resource: 'task', operation: 'create', title: 'Call', dueDate: '2099-06-21T11:00:00', ownerId: owner_id, ...target });
  const day = { fromDate: '2016-06-20T10:30:00', endDate: '2016-06-20T11:30:00' };
  const attendees = { attendee: [{ type: 'contact', contactId: contact.id }, { type: 'user', userId: owner_id }] };
  const [appointment] = await run({
    resource: 'appointment', operation: 'create', title: 'Meet', ...day, attendees,
    additionalFields: { location: 'Graz', targetable_type: 'Contact', targetable_id: `${contact.id}` },
  });
  seen.made = [account.name, contact.email, deal.amount, note.description, task.due_date, appointment.from_date];
  const [activity] = await run({
    resource: 'salesActivity', operation: 'create', sales_activity_type_id: await chosen('getSalesActivityTypes'), title: 'Chat', ownerId: owner_id,
    from_date: '2017-12-04T17:00:00', end_date: '2017-12-04T17:30:00', ...target,
  });

  // Read, listed and changed
  const found = async (resource, list) => (await run({ resource, operation: 'getAll', returnAll: true, ...list })).map((each) => each.id);
  const lists = {
    account: { view: await view('getAccountViews', 'account') },
    contact: { view: await view('getContactViews', 'contact') },
    deal: { view: await view('getDealViews', 'deal') },
    task: { filters: { filter: 'open' } },
    appointment: { filters: { filter: 'past' } },
    salesActivity: {},
  };
  const made = { account, contact, deal, task, appointment, salesActivity: activity };
  const changes = {
    account: { name: 'Gadgets' }, contact: { last_name: 'Adeyemi', sales_accounts: [account.id] }, deal: { amount: 7 },
    task: { title: 'Call again' }, appointment: { title: 'Meet again' }, salesActivity: { title: 'Chat again' }, note: { description: 'ho' },
  };
  for (const [resource, { id }] of Object.entries({ ...made, note })) {
    const one = { resource, [`${resource}Id`]: `${id}` };
    seen[resource] = [];
    if (resource in made) {
      const [read] = await run({ ...one, operation: 'get' });
      seen[resource].push(read.id === id, (await found(resource, lists[resource])).includes(id));
    }
    const [changed] = await run({ ...one, operation: 'update', updateFields: changes[resource] });
    seen[resource].push(changed.name ?? changed.title ?? changed.last_name ?? changed.description);
  }
  seen.filters = {};
  for (const filter of ['due_today', 'due_tomorrow', 'overdue', 'completed']) seen.filters[filter] = (await found('task', { filters: { filter } })).length;
  const pages = await run({ resource: 'contact', operation: 'getAll', returnAll: true, ...lists.contact });
  seen.pages = [pages.length, new Set(pages.map((each) => each.id)).size];

  // It takes what comes first in an answer for the list, which are people where it asked for them beside tasks.
  seen.beside = Object.keys((await run({ resource: 'task', operation: 'getAll', returnAll: true, filters: { include: 'owner' } }))[0]);

  // Searched
  const [hit] = await run({ resource: 'search', operation: 'query', query: 'Adeyemi', entities: ['contact', 'deal'], returnAll: true });
  const look = { resource: 'search', operation: 'lookup', searchField: 'email', fieldValue: 'ada@b.example', options: { entities: ['contact'] } };
  const [{ contacts }] = await run(look);
  seen.searched = [hit.id === `${contact.id}`, contacts.contacts[0].id === contact.id];

  // Deleted, and refused
  const gone = async ([resource, { id }]) => (await run({ resource, operation: 'delete', [`${resource}Id`]: `${id}` }))[0].success;
  seen.gone = [];
  for (const each of Object.entries({ note, ...made })) seen.gone.push(await gone(each));
  seen.refused = [
    await refused(() => run({ resource: 'contact', operation: 'get', contactId: `${contact.id}` })),
    await refused(() => run({ resource: 'contact', operation: 'create', firstName: 'Bea', lastName: 'B', emails: '' })),
  ];
  const stranger = runner(new FreshworksCrm(), new FreshworksCrmApi(), { domain, apiKey: 'wrong' });
  seen.stranger = await refused(() => stranger({ resource: 'task', operation: 'getAll', returnAll: true, filters: {} }));
  console.log(JSON.stringify(seen));
}

main();
