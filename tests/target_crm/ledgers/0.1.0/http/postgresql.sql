CREATE TABLE public.fresh_keys (
    object_id integer NOT NULL,
    attribute text NOT NULL,
    value text NOT NULL,
    crm_id text NOT NULL,
    at double precision NOT NULL
);
CREATE TABLE public.held (
    scope_id integer NOT NULL,
    source_id text NOT NULL,
    number integer NOT NULL,
    state text NOT NULL,
    kind text NOT NULL,
    reason text NOT NULL,
    status integer,
    sent text,
    message bytea NOT NULL,
    schema_id text NOT NULL,
    at double precision NOT NULL,
    run_id text NOT NULL
);
CREATE TABLE public.history (
    id integer NOT NULL,
    scope_id integer NOT NULL,
    source_id text NOT NULL,
    run_id text NOT NULL,
    at double precision NOT NULL,
    action text NOT NULL,
    crm_id text,
    fields text NOT NULL,
    keys text NOT NULL,
    record text,
    request_id text,
    reason text DEFAULT ''::text NOT NULL,
    changes text
);
CREATE SEQUENCE public.history_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE public.intents (
    scope_id integer NOT NULL,
    source_id text NOT NULL,
    action text NOT NULL,
    crm_id text,
    payload text NOT NULL,
    keys text NOT NULL,
    record_hash bytea,
    digest text,
    sent_at double precision NOT NULL,
    server_at double precision NOT NULL,
    run_id text NOT NULL,
    links text DEFAULT '[]'::text NOT NULL
);
CREATE TABLE public.ledger_version (
    version integer NOT NULL
);
CREATE TABLE public.links (
    scope_id integer NOT NULL,
    source_id text NOT NULL,
    attribute text NOT NULL,
    stream text NOT NULL,
    on_source_id text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    at double precision NOT NULL
);
CREATE TABLE public.objects (
    id integer NOT NULL,
    crm text NOT NULL,
    account text NOT NULL,
    object text NOT NULL
);
CREATE SEQUENCE public.objects_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE public.records (
    scope_id integer NOT NULL,
    source_id text NOT NULL,
    crm_id text,
    origin text NOT NULL,
    record_hash bytea,
    digest text,
    written_at double precision NOT NULL,
    run_id text NOT NULL
);
CREATE TABLE public.schemas (
    id text NOT NULL,
    message bytea NOT NULL
);
CREATE TABLE public.scopes (
    id integer NOT NULL,
    object_id integer NOT NULL,
    source_name text NOT NULL,
    stream text NOT NULL
);
CREATE SEQUENCE public.scopes_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE public.seen (
    scope_id integer NOT NULL,
    version text NOT NULL,
    source_id text NOT NULL
);
CREATE TABLE public.waits (
    scope_id integer NOT NULL,
    source_id text NOT NULL,
    stream text NOT NULL,
    on_source_id text NOT NULL
);
INSERT INTO public.fresh_keys VALUES (1, '{find}', '{"email":"contacts1@example.org"}', '6', 1795955882.1805866);
INSERT INTO public.fresh_keys VALUES (1, '{find}', '{"email":"contacts2@example.org"}', '4', 1795955885.4091532);
INSERT INTO public.fresh_keys VALUES (1, '{find}', '{"email":"contacts3@example.org"}', '2', 1795955880.93156);
INSERT INTO public.fresh_keys VALUES (1, '{find}', '{"email":"contacts4@example.org"}', '3', 1795955881.0027554);
INSERT INTO public.fresh_keys VALUES (1, '{find}', '{"email":"contactsleaver@example.org"}', '5', 1795955881.009947);
INSERT INTO public.fresh_keys VALUES (1, '{find}', '{"email":"contactsmatched@example.org"}', '1', 1795955881.0027554);
INSERT INTO public.fresh_keys VALUES (2, '{find}', '{"email":"members1@example.org"}', '7', 1795955881.0343957);
INSERT INTO public.held VALUES (1, '3', 4, 'deleting', 'delete', '', NULL, '{"object":"endpoint:contacts","crm_id":2,"scope_id":1,"payload":{"id":3,"name":"contacts 3","email":"contacts3@example.org"}}', '\x7b2274797065223a20225245434f5244222c202273747265616d223a2022636f6e7461637473222c20227265636f7264223a207b226964223a20332c20226e616d65223a2022636f6e74616374732033222c2022656d61696c223a2022636f6e746163747333406578616d706c652e6f7267222c20225f7364635f64656c657465645f6174223a2022323032362d30312d30315430303a30303a30305a227d7d', '4ab6157db6b2ab3402293495392da343', 1795955886.3971298, 'fff5e80f5ad3416c81b838d445a82a40');
INSERT INTO public.held VALUES (1, '4', 5, 'deleting', 'delete', '', NULL, '{"object":"endpoint:contacts","crm_id":3,"scope_id":1,"payload":{"id":4,"name":"contacts 4","email":"contacts4@example.org"}}', '\x7b2274797065223a20225245434f5244222c202273747265616d223a2022636f6e7461637473222c20227265636f7264223a207b226964223a20342c20226e616d65223a2022636f6e74616374732034222c2022656d61696c223a2022636f6e746163747334406578616d706c652e6f7267222c20225f7364635f64656c657465645f6174223a2022323032362d30312d30315430303a30303a30305a227d7d', '4ab6157db6b2ab3402293495392da343', 1795955886.410467, 'fff5e80f5ad3416c81b838d445a82a40');
INSERT INTO public.held VALUES (1, 'bad/ü', 1, 'rejected', 'refused', 'no such name', 422, '{"crm_id":null,"payload":{"id":"bad/ü","name":"Bad","email":"contactsbad/ü@example.org","{source}":["contacts","bad/ü",null]},"answer":"{\"error\":\"no such name\"}"}', '\x7b2274797065223a20225245434f5244222c202273747265616d223a2022636f6e7461637473222c20227265636f7264223a207b226964223a20226261642f5c7530306663222c20226e616d65223a2022426164222c2022656d61696c223a2022636f6e74616374736261642f5c7530306663406578616d706c652e6f7267227d7d', '4ab6157db6b2ab3402293495392da343', 1795955881.0129886, 'bd99145aa51044fba2391e4e8458cdba');
INSERT INTO public.held VALUES (2, '2', 2, 'waiting', 'missing_reference', 'contact: the record of stream contacts is not in the CRM yet', NULL, NULL, '\x7b2274797065223a20225245434f5244222c202273747265616d223a20226d656d62657273222c20227265636f7264223a207b226964223a20322c20226e616d65223a20226d656d626572732032222c2022656d61696c223a20226d656d6265727332406578616d706c652e6f7267222c2022636f6e74616374223a20226c617465227d7d', 'ad197fa040d820a719a5ba7537a02dda', 1795955881.0231261, 'bd99145aa51044fba2391e4e8458cdba');
INSERT INTO public.held VALUES (4, '1', 3, 'rejected', 'no_endpoint', 'It has changed since it was sent, and the stream has no endpoints.update. Declare one, or set load_method to append-only to send every version.', NULL, NULL, '\x7b2274797065223a20225245434f5244222c202273747265616d223a20226f6e6365222c20227265636f7264223a207b226964223a20312c20226e616d65223a20224368616e676564227d7d', '17a34b098369d8c5ac88355cc0851bb1', 1795955884.3733215, '01817ed21c9647f498ad6214d9fc70a6');
INSERT INTO public.history VALUES (1, 1, '3', 'bd99145aa51044fba2391e4e8458cdba', 1795955880.93156, 'created', '2', '["id","name","email"]', '["7d845ae4c77ec7ad"]', NULL, NULL, '', '[["id",null,3],["name",null,"contacts 3"],["email",null,"contacts3@example.org"]]');
INSERT INTO public.history VALUES (2, 1, 'matched', 'bd99145aa51044fba2391e4e8458cdba', 1795955881.0027554, 'updated', '1', '["id","name","title"]', '["5dc80c6fcf35333a"]', NULL, NULL, 'matched by {find}', '[["id",1,"matched"],["name","There before","contacts matched"],["title",null,"Director"]]');
INSERT INTO public.history VALUES (3, 1, '4', 'bd99145aa51044fba2391e4e8458cdba', 1795955881.0027554, 'created', '3', '["id","name","email"]', '["604409365f4cd876"]', NULL, NULL, '', '[["id",null,4],["name",null,"contacts 4"],["email",null,"contacts4@example.org"]]');
INSERT INTO public.history VALUES (4, 1, '2', 'bd99145aa51044fba2391e4e8458cdba', 1795955881.0027554, 'created', '4', '["id","name","email"]', '["16185ef563216ec0"]', NULL, NULL, '', '[["id",null,2],["name",null,"contacts 2"],["email",null,"contacts2@example.org"]]');
INSERT INTO public.history VALUES (5, 1, 'leaver', 'bd99145aa51044fba2391e4e8458cdba', 1795955881.009947, 'created', '5', '["id","name","email"]', '["a1f89d8f714d04f6"]', NULL, NULL, '', '[["id",null,"leaver"],["name",null,"contacts leaver"],["email",null,"contactsleaver@example.org"]]');
INSERT INTO public.history VALUES (6, 1, '1', 'bd99145aa51044fba2391e4e8458cdba', 1795955881.009947, 'created', '6', '["id","name","email"]', '["d9766a5dd8985889"]', NULL, NULL, '', '[["id",null,1],["name",null,"contacts 1"],["email",null,"contacts1@example.org"]]');
INSERT INTO public.history VALUES (7, 1, 'bad/ü', 'bd99145aa51044fba2391e4e8458cdba', 1795955881.0129886, 'rejected', NULL, '[]', '[]', NULL, NULL, 'refused: no such name', NULL);
INSERT INTO public.history VALUES (8, 2, '2', 'bd99145aa51044fba2391e4e8458cdba', 1795955881.0231261, 'waiting', NULL, '[]', '[]', NULL, NULL, 'missing_reference: contact: the record of stream contacts is not in the CRM yet', NULL);
INSERT INTO public.history VALUES (9, 2, '1', 'bd99145aa51044fba2391e4e8458cdba', 1795955881.0343957, 'created', '7', '["id","name","email","contact"]', '["ab2081c3a965aa01"]', NULL, NULL, '', '[["id",null,1],["name",null,"members 1"],["email",null,"members1@example.org"],["contact",null,6]]');
INSERT INTO public.history VALUES (10, 3, '1', 'bd99145aa51044fba2391e4e8458cdba', 1795955881.0421436, 'created', '"v-8"', '["id","name"]', '[]', NULL, NULL, '', '[["id",null,1],["name",null,"visits 1"]]');
INSERT INTO public.history VALUES (11, 4, '1', 'bd99145aa51044fba2391e4e8458cdba', 1795955881.0490518, 'created', '9', '["id","name"]', '[]', NULL, NULL, '', '[["id",null,1],["name",null,"once 1"]]');
INSERT INTO public.history VALUES (12, 5, '1', 'bd99145aa51044fba2391e4e8458cdba', 1795955881.0565586, 'created', '"1"', '["id","name"]', '[]', NULL, NULL, '', '[["id",null,1],["name",null,"keyed 1"]]');
INSERT INTO public.history VALUES (13, 1, '1', '8ab12ea983654556af0767ed00168707', 1795955882.1805866, 'updated', '6', '["id","name","email","title"]', '["d9766a5dd8985889"]', NULL, NULL, '', NULL);
INSERT INTO public.history VALUES (14, 1, 'leaver', '8ab12ea983654556af0767ed00168707', 1795955882.2946315, 'deleted', '5', '[]', '[]', NULL, NULL, 'deleted at the source', NULL);
INSERT INTO public.history VALUES (15, 3, '1', '2afa586639cb43cbb97471e6660b2f49', 1795955883.2824674, 'updated', '"v-8"', '["id","name"]', '[]', NULL, NULL, '', NULL);
INSERT INTO public.history VALUES (16, 4, '1', '01817ed21c9647f498ad6214d9fc70a6', 1795955884.3733215, 'rejected', NULL, '[]', '[]', NULL, NULL, 'no_endpoint: It has changed since it was sent, and the stream has no endpoints.update. Declare one, or set load_method to append-only to send every version.', NULL);
INSERT INTO public.history VALUES (17, 6, '2', '2fedb6be39b74ea39390fae2f95a9220', 1795955885.4091532, 'updated', '4', '["id"]', '["16185ef563216ec0"]', NULL, NULL, 'matched by {find}', NULL);
INSERT INTO public.intents VALUES (1, '10', 'create', NULL, '{"id":10,"name":"contacts 10","email":"contacts10@example.org","{source}":["contacts","10",null]}', '{"{find}":["{\"email\":\"contacts10@example.org\"}"]}', '\xd3390b36096a798120486dcdf2b2b825', '5851de39a339655d765ec12c977779c5', 1795955887.1781783, 1795955887, 'f9e5191c139848219a566f102f77c1ad', '[]');
INSERT INTO public.intents VALUES (2, '1', 'update', '7', '{"id":1,"name":"Changed","email":"members1@example.org","{source}":["members","1",1795955881.0343957]}', '{"{find}":["{\"email\":\"members1@example.org\"}"]}', '\x1d7c7efd0c60f1a0289c38a8fd1a209a', 'fe451f720637565f9dd5727caaf7e543', 1795955889.3567238, 1795955889.3567238, '12c4ce2482ee4e28a78246c2154359d5', '[]');
INSERT INTO public.intents VALUES (2, '11', 'create', NULL, '{"id":11,"name":"members 11","email":"members11@example.org","{source}":["members","11",null]}', '{"{find}":["{\"email\":\"members11@example.org\"}"]}', '\x85d0f1690d36a803504cfe695d2b3386', '00789ab947fe805bea1a51df2f4eb8c3', 1795955888.2858913, 1795955888, '98682551a2c74da1bec6381e47d2d2bf', '[]');
INSERT INTO public.intents VALUES (3, '2', 'create', NULL, '{"id":2,"name":"visits 2","{source}":["visits","2",null]}', '{}', '\x5f28528127fe9642d88e1b1626bb8152', 'faf9639ff9e0a2159861b5acf9c6c705', 1795955890.5151062, 1795955890.5151062, '3958fd8dd1624e1c8f02b265aa19ae79', '[]');
INSERT INTO public.intents VALUES (5, '2', 'create', NULL, '{"id":2,"name":"keyed 2","{source}":["keyed","2",null]}', '{}', '\x899f71f6ea9c4659c12436c28009402a', '5914f89c55ed79437e97ad758b2c1564', 1795955892.7120266, 1795955892.7120266, '1357b0b279f94474af9d31a2ffd4120d', '[]');
INSERT INTO public.ledger_version VALUES (2);
INSERT INTO public.objects VALUES (1, 'http', '127.0.0.1:@PORT@/http', 'endpoint:contacts');
INSERT INTO public.objects VALUES (2, 'http', '127.0.0.1:@PORT@/http', 'endpoint:members');
INSERT INTO public.objects VALUES (3, 'http', '127.0.0.1:@PORT@/http', 'endpoint:visits');
INSERT INTO public.objects VALUES (4, 'http', '127.0.0.1:@PORT@/http', 'endpoint:once');
INSERT INTO public.objects VALUES (5, 'http', '127.0.0.1:@PORT@/http', 'endpoint:keyed');
INSERT INTO public.records VALUES (1, '1', '6', 'created', '\x8c173f82954ab7f36396b4b0b5670c92', '8a8f1caca1cdb9c543d3afa35ef038f1', 1795955882.1805866, '8ab12ea983654556af0767ed00168707');
INSERT INTO public.records VALUES (1, '2', '4', 'created', '\x7584ebe4418f73bad96fa2527f9708bb', '436a32585c63d6536b4e7ba455479240', 1795955881.0027554, 'bd99145aa51044fba2391e4e8458cdba');
INSERT INTO public.records VALUES (1, '3', '2', 'created', '\x9bbd2c3a57cca0e97cccf147eb2ee7e0', 'f8fe686e62d10e66cfd168a8ebe6454c', 1795955880.93156, 'bd99145aa51044fba2391e4e8458cdba');
INSERT INTO public.records VALUES (1, '4', '3', 'created', '\xb2a146d41b0e4c0a082305f49c51e827', 'de95a67e546bec7bb96976d50bd3a1d7', 1795955881.0027554, 'bd99145aa51044fba2391e4e8458cdba');
INSERT INTO public.records VALUES (1, 'leaver', NULL, 'created', NULL, NULL, 1795955882.2926188, '8ab12ea983654556af0767ed00168707');
INSERT INTO public.records VALUES (1, 'matched', '1', 'matched', '\x7d9ee388066b4ee232a1cf1c72dbf209', 'c475752c479d93cc72212cca8f750a28', 1795955881.0027554, 'bd99145aa51044fba2391e4e8458cdba');
INSERT INTO public.records VALUES (2, '1', '7', 'created', '\xaa966347c8af3fd6bb2f1f1a2f3aee39', 'e9801d1b6329c9c148df143d14260232', 1795955881.0343957, 'bd99145aa51044fba2391e4e8458cdba');
INSERT INTO public.records VALUES (3, '1', '"v-8"', 'created', '\xd8366aaba0dbf65d42e3b088965e5d49', '14415099a34223ed82b88a612980cd47', 1795955883.2824674, '2afa586639cb43cbb97471e6660b2f49');
INSERT INTO public.records VALUES (4, '1', '9', 'created', '\xddb6c081c92a9b402b4198be2c74218b', 'ee568c2519638ad857c469d4750ea682', 1795955881.0490518, 'bd99145aa51044fba2391e4e8458cdba');
INSERT INTO public.records VALUES (5, '1', '"1"', 'created', '\xdbe4ddfe02cf6dc7fc2004a3640e527c', 'd7e6d7575dff0c770e4cb0391f820637', 1795955881.0565586, 'bd99145aa51044fba2391e4e8458cdba');
INSERT INTO public.records VALUES (6, '2', '4', 'matched', '\x7584ebe4418f73bad96fa2527f9708bb', '436a32585c63d6536b4e7ba455479240', 1795955885.4091532, '2fedb6be39b74ea39390fae2f95a9220');
INSERT INTO public.schemas VALUES ('4ab6157db6b2ab3402293495392da343', '\x7b2274797065223a2022534348454d41222c202273747265616d223a2022636f6e7461637473222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d2c20226e616d65223a207b7d2c2022656d61696c223a207b7d2c20227469746c65223a207b7d2c20225f7364635f64656c657465645f6174223a207b7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.schemas VALUES ('17a34b098369d8c5ac88355cc0851bb1', '\x7b2274797065223a2022534348454d41222c202273747265616d223a20226f6e6365222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d2c20226e616d65223a207b7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.schemas VALUES ('ad197fa040d820a719a5ba7537a02dda', '\x7b2274797065223a2022534348454d41222c202273747265616d223a20226d656d62657273222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d2c20226e616d65223a207b7d2c2022656d61696c223a207b7d2c2022636f6e74616374223a207b7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.scopes VALUES (1, 1, 'default', 'contacts');
INSERT INTO public.scopes VALUES (2, 2, 'default', 'members');
INSERT INTO public.scopes VALUES (3, 3, 'default', 'visits');
INSERT INTO public.scopes VALUES (4, 4, 'default', 'once');
INSERT INTO public.scopes VALUES (5, 5, 'default', 'keyed');
INSERT INTO public.scopes VALUES (6, 1, 'other', 'contacts');
INSERT INTO public.waits VALUES (2, '2', 'contacts', 'late');
ALTER SEQUENCE public.history_id_seq OWNED BY public.history.id;
ALTER SEQUENCE public.objects_id_seq OWNED BY public.objects.id;
ALTER SEQUENCE public.scopes_id_seq OWNED BY public.scopes.id;
ALTER TABLE ONLY public.history ALTER COLUMN id SET DEFAULT nextval('public.history_id_seq'::regclass);
ALTER TABLE ONLY public.objects ALTER COLUMN id SET DEFAULT nextval('public.objects_id_seq'::regclass);
ALTER TABLE ONLY public.scopes ALTER COLUMN id SET DEFAULT nextval('public.scopes_id_seq'::regclass);
SELECT pg_catalog.setval('public.history_id_seq', 17, true);
SELECT pg_catalog.setval('public.objects_id_seq', 5, true);
SELECT pg_catalog.setval('public.scopes_id_seq', 6, true);
ALTER TABLE ONLY public.fresh_keys
    ADD CONSTRAINT fresh_keys_pkey PRIMARY KEY (object_id, attribute, value, crm_id);
ALTER TABLE ONLY public.held
    ADD CONSTRAINT held_pkey PRIMARY KEY (scope_id, source_id);
ALTER TABLE ONLY public.history
    ADD CONSTRAINT history_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.intents
    ADD CONSTRAINT intents_pkey PRIMARY KEY (scope_id, source_id);
ALTER TABLE ONLY public.links
    ADD CONSTRAINT links_pkey PRIMARY KEY (scope_id, source_id, attribute);
ALTER TABLE ONLY public.objects
    ADD CONSTRAINT objects_crm_account_object_key UNIQUE (crm, account, object);
ALTER TABLE ONLY public.objects
    ADD CONSTRAINT objects_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.records
    ADD CONSTRAINT records_pkey PRIMARY KEY (scope_id, source_id);
ALTER TABLE ONLY public.schemas
    ADD CONSTRAINT schemas_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.scopes
    ADD CONSTRAINT scopes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.scopes
    ADD CONSTRAINT scopes_source_name_stream_object_id_key UNIQUE (source_name, stream, object_id);
ALTER TABLE ONLY public.seen
    ADD CONSTRAINT seen_pkey PRIMARY KEY (scope_id, version, source_id);
ALTER TABLE ONLY public.waits
    ADD CONSTRAINT waits_pkey PRIMARY KEY (scope_id, source_id, stream, on_source_id);
CREATE INDEX held_by_number ON public.held USING btree (number);
CREATE INDEX history_by_record ON public.history USING btree (scope_id, source_id);
CREATE INDEX links_by_parent ON public.links USING btree (stream, on_source_id);
CREATE INDEX records_by_crm_id ON public.records USING btree (crm_id);
CREATE INDEX waits_by_parent ON public.waits USING btree (stream, on_source_id);
ALTER TABLE ONLY public.fresh_keys
    ADD CONSTRAINT fresh_keys_object_id_fkey FOREIGN KEY (object_id) REFERENCES public.objects(id);
ALTER TABLE ONLY public.held
    ADD CONSTRAINT held_schema_id_fkey FOREIGN KEY (schema_id) REFERENCES public.schemas(id);
ALTER TABLE ONLY public.held
    ADD CONSTRAINT held_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id);
ALTER TABLE ONLY public.history
    ADD CONSTRAINT history_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id);
ALTER TABLE ONLY public.intents
    ADD CONSTRAINT intents_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id);
ALTER TABLE ONLY public.links
    ADD CONSTRAINT links_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id);
ALTER TABLE ONLY public.records
    ADD CONSTRAINT records_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id);
ALTER TABLE ONLY public.scopes
    ADD CONSTRAINT scopes_object_id_fkey FOREIGN KEY (object_id) REFERENCES public.objects(id);
ALTER TABLE ONLY public.seen
    ADD CONSTRAINT seen_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id);
ALTER TABLE ONLY public.waits
    ADD CONSTRAINT waits_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id);
