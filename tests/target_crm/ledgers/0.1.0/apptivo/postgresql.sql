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
INSERT INTO public.fresh_keys VALUES (1, 'customerName', 'customer 1', '15479001', 1795956260.8829622);
INSERT INTO public.fresh_keys VALUES (1, 'customerName', 'customer grösse 2', '15479002', 1795956255.663446);
INSERT INTO public.fresh_keys VALUES (1, 'customerNumber', 'cust-000001', '15479001', 1795956260.8829622);
INSERT INTO public.fresh_keys VALUES (1, 'customerNumber', 'cust-000002', '15479002', 1795956255.663446);
INSERT INTO public.fresh_keys VALUES (2, 'accountId', '15479001', '21330001', 1795956255.684015);
INSERT INTO public.fresh_keys VALUES (2, 'emailAddresses', 'c1@example.org', '21330001', 1795956255.684015);
INSERT INTO public.fresh_keys VALUES (2, 'lastName', 'contact 1', '21330001', 1795956255.684015);
INSERT INTO public.fresh_keys VALUES (3, 'emailAddresses', 'lead1@example.org', '31750002', 1795956257.9420435);
INSERT INTO public.fresh_keys VALUES (3, 'emailAddresses', 'lead2@example.org', '31750003', 1795956255.7424552);
INSERT INTO public.fresh_keys VALUES (3, 'emailAddresses', 'lead3@example.org', '31750004', 1795956255.7424552);
INSERT INTO public.fresh_keys VALUES (3, 'emailAddresses', 'lead4@example.org', '31750006', 1795956255.752144);
INSERT INTO public.fresh_keys VALUES (3, 'emailAddresses', 'leadleaver@example.org', '31750005', 1795956255.7424552);
INSERT INTO public.fresh_keys VALUES (3, 'emailAddresses', 'leadmatched@example.org', '31750001', 1795956255.7210677);
INSERT INTO public.fresh_keys VALUES (3, 'lastName', 'lead 1', '31750002', 1795956257.9420435);
INSERT INTO public.fresh_keys VALUES (3, 'lastName', 'lead 2', '31750003', 1795956255.7424552);
INSERT INTO public.fresh_keys VALUES (3, 'lastName', 'lead 3', '31750004', 1795956255.7424552);
INSERT INTO public.fresh_keys VALUES (3, 'lastName', 'lead 4', '31750006', 1795956255.752144);
INSERT INTO public.fresh_keys VALUES (3, 'lastName', 'lead leaver', '31750005', 1795956255.7424552);
INSERT INTO public.fresh_keys VALUES (3, 'lastName', 'lead matched', '31750001', 1795956255.7210677);
INSERT INTO public.fresh_keys VALUES (4, 'opportunityName', 'deal 1', '41900001', 1795956255.8257673);
INSERT INTO public.held VALUES (2, 'waiting', 1, 'waiting', 'missing_reference', 'accountId: the record of stream customers is not in the CRM yet', NULL, NULL, '\x7b2274797065223a20225245434f5244222c202273747265616d223a2022636f6e7461637473222c20227265636f7264223a207b226964223a202277616974696e67222c20226c6173745f6e616d65223a2022436f6e746163742077616974696e67222c2022656d61696c223a20226377616974696e67406578616d706c652e6f7267222c2022637573746f6d6572223a20226c617465227d7d', '5771f5a6dca2318eb642ae7be273de6f', 1795956255.6692731, 'd1e298d3bef846858137427ee5784041');
INSERT INTO public.held VALUES (3, '3', 3, 'deleting', 'delete', '', NULL, '{"object":"leads","crm_id":31750004,"scope_id":3}', '\x7b2274797065223a20225245434f5244222c202273747265616d223a20226c65616473222c20227265636f7264223a207b226964223a20332c20226c6173745f6e616d65223a20224c6561642033222c2022656d61696c223a20226c65616433406578616d706c652e6f7267222c20225f7364635f64656c657465645f6174223a2022323032362d30312d30315430303a30303a30305a227d7d', '70b6ca74ae6bb8e4ed137ab919e3db00', 1795956264.0841007, '8f64361fff69497595e81eae348d6307');
INSERT INTO public.held VALUES (3, '4', 4, 'deleting', 'delete', '', NULL, '{"object":"leads","crm_id":31750006,"scope_id":3}', '\x7b2274797065223a20225245434f5244222c202273747265616d223a20226c65616473222c20227265636f7264223a207b226964223a20342c20226c6173745f6e616d65223a20224c6561642034222c2022656d61696c223a20226c65616434406578616d706c652e6f7267222c20225f7364635f64656c657465645f6174223a2022323032362d30312d30315430303a30303a30305a227d7d', '70b6ca74ae6bb8e4ed137ab919e3db00', 1795956264.0977075, '8f64361fff69497595e81eae348d6307');
INSERT INTO public.held VALUES (3, 'refused', 2, 'rejected', 'refused', 'Invalid value for accountId: 999999', 200, '{"crm_id":null,"payload":{"lastName":"Lead refused","accountId":999999,"emailAddresses":[{"emailAddress":"leadrefused@example.org","emailType":"Business","emailTypeCode":"BUSINESS"}]},"answer":"{\"status\":\"FAILURE\",\"reason\":\"Invalid value for accountId: 999999\"}"}', '\x7b2274797065223a20225245434f5244222c202273747265616d223a20226c65616473222c20227265636f7264223a207b226964223a202272656675736564222c20226c6173745f6e616d65223a20224c6561642072656675736564222c2022656d61696c223a20226c65616472656675736564406578616d706c652e6f7267222c20226163636f756e745f6964223a203939393939397d7d', '70b6ca74ae6bb8e4ed137ab919e3db00', 1795956255.76351, 'd1e298d3bef846858137427ee5784041');
INSERT INTO public.history VALUES (1, 1, '1', 'd1e298d3bef846858137427ee5784041', 1795956255.6539483, 'created', '15479001', '["customerName","addresses"]', '["1675316bb7aaf468","cad1fbc5722e738a"]', NULL, NULL, '', '[["customerName",null,"Customer 1"],["addresses",null,{"city":"Ulm"}]]');
INSERT INTO public.history VALUES (2, 1, 'Größe 2', 'd1e298d3bef846858137427ee5784041', 1795956255.663446, 'created', '15479002', '["customerName","addresses"]', '["265659c3c9401062","99262891f7b8917b"]', NULL, NULL, '', '[["customerName",null,"Customer Größe 2"],["addresses",null,{"city":"Ulm"}]]');
INSERT INTO public.history VALUES (3, 2, 'waiting', 'd1e298d3bef846858137427ee5784041', 1795956255.6692731, 'waiting', NULL, '[]', '[]', NULL, NULL, 'missing_reference: accountId: the record of stream customers is not in the CRM yet', NULL);
INSERT INTO public.history VALUES (4, 2, '1', 'd1e298d3bef846858137427ee5784041', 1795956255.684015, 'created', '21330001', '["lastName","emailAddresses","accountId"]', '["2b70a9284887df97","4af7e891a726b1d1","d0fc2aefa448442e"]', NULL, NULL, '', '[["lastName",null,"Contact 1"],["emailAddresses",null,[{"emailAddress":"c1@example.org","emailType":"Business","emailTypeCode":"BUSINESS"}]],["accountId",null,15479001]]');
INSERT INTO public.history VALUES (5, 3, 'matched', 'd1e298d3bef846858137427ee5784041', 1795956255.7210677, 'updated', '31750001', '["jobTitle"]', '["82bbfe77fa5ce99b","d3ee922644a2ad46"]', NULL, NULL, 'matched by emailAddresses', '[["jobTitle",null,"Director"]]');
INSERT INTO public.history VALUES (6, 3, '1', 'd1e298d3bef846858137427ee5784041', 1795956255.7210677, 'created', '31750002', '["lastName","emailAddresses"]', '["7c699d2a9443ea41","e9e04c06f5d3827a"]', NULL, NULL, '', '[["lastName",null,"Lead 1"],["emailAddresses",null,[{"emailAddress":"lead1@example.org","emailType":"Business","emailTypeCode":"BUSINESS"}]]]');
INSERT INTO public.history VALUES (7, 3, '2', 'd1e298d3bef846858137427ee5784041', 1795956255.7424552, 'created', '31750003', '["lastName","emailAddresses"]', '["792cb221bcc205ff","e782d774e4948e1c"]', NULL, NULL, '', '[["lastName",null,"Lead 2"],["emailAddresses",null,[{"emailAddress":"lead2@example.org","emailType":"Business","emailTypeCode":"BUSINESS"}]]]');
INSERT INTO public.history VALUES (8, 3, '3', 'd1e298d3bef846858137427ee5784041', 1795956255.7424552, 'created', '31750004', '["lastName","emailAddresses"]', '["72a0d41ede026003","cf49e9b7b3c97c51"]', NULL, NULL, '', '[["lastName",null,"Lead 3"],["emailAddresses",null,[{"emailAddress":"lead3@example.org","emailType":"Business","emailTypeCode":"BUSINESS"}]]]');
INSERT INTO public.history VALUES (9, 3, 'leaver', 'd1e298d3bef846858137427ee5784041', 1795956255.7424552, 'created', '31750005', '["lastName","emailAddresses"]', '["73b25e1268538cd2","f1fb048bc721fbbb"]', NULL, NULL, '', '[["lastName",null,"Lead leaver"],["emailAddresses",null,[{"emailAddress":"leadleaver@example.org","emailType":"Business","emailTypeCode":"BUSINESS"}]]]');
INSERT INTO public.history VALUES (10, 3, '4', 'd1e298d3bef846858137427ee5784041', 1795956255.752144, 'created', '31750006', '["lastName","emailAddresses"]', '["08783a743a132004","71ee2209908d1118"]', NULL, NULL, '', '[["lastName",null,"Lead 4"],["emailAddresses",null,[{"emailAddress":"lead4@example.org","emailType":"Business","emailTypeCode":"BUSINESS"}]]]');
INSERT INTO public.history VALUES (11, 3, 'refused', 'd1e298d3bef846858137427ee5784041', 1795956255.76351, 'rejected', NULL, '[]', '[]', NULL, NULL, 'refused: Invalid value for accountId: 999999', NULL);
INSERT INTO public.history VALUES (12, 4, '1', 'd1e298d3bef846858137427ee5784041', 1795956255.8257673, 'created', '41900001', '["opportunityName","salesStageId","closeDate"]', '["556bbd3c0b6c479a"]', NULL, NULL, '', '[["opportunityName",null,"Deal 1"],["salesStageId",null,68003],["closeDate",null,"2026-05-31"]]');
INSERT INTO public.history VALUES (13, 3, '1', '75a81c97fd374865b39860c82185bffa', 1795956257.9420435, 'updated', '31750002', '["jobTitle"]', '["7c699d2a9443ea41","e9e04c06f5d3827a"]', NULL, NULL, '', NULL);
INSERT INTO public.history VALUES (14, 3, 'leaver', '75a81c97fd374865b39860c82185bffa', 1795956257.9977572, 'deleting', '31750005', '[]', '[]', '{"id":31750005,"leadId":31750005,"accountId":null,"accountName":null,"addresses":null,"annualRevenue":null,"assigneeObjectId":null,"assigneeObjectRefId":null,"assigneeObjectRefName":null,"campaignId":null,"campaignName":null,"companyName":null,"currencyCode":null,"customAttributes":[],"description":null,"easyWayToContact":null,"emailAddresses":[{"id":"cont_email_input","emailAddress":"leadleaver@example.org","emailType":"Business","emailTypeCode":"BUSINESS"}],"estimatedCloseDate":null,"estimatedRevenue":null,"externalRefId":null,"firstName":null,"fullName":"Lead leaver","industry":null,"industryName":null,"jobTitle":null,"labels":[],"lastName":"Lead leaver","leadNumber":null,"leadRank":null,"leadRankMeaning":null,"leadSource":null,"leadSourceMeaning":null,"leadStatus":"NEW","leadStatusMeaning":"New","leadTypeId":null,"leadTypeName":null,"marketId":null,"marketName":null,"numberOfEmployees":null,"phoneNumbers":[],"potentialAmount":null,"referredById":null,"referredByName":null,"skypeName":null,"territoryId":null,"territoryName":null,"title":null,"wayToContact":null,"website":null,"firmId":15479,"version":0,"objectStatus":"0","isActive":"Y","createdBy":18001,"createdByName":"Ada Lovelace","creationDate":"Nov 29, 2026 12:44:15 PM","lastUpdatedBy":18001,"lastUpdatedByName":"Ada Lovelace","lastUpdateDate":"Nov 29, 2026 12:44:15 PM","shippingAddress":null}', NULL, 'deleted at the source', NULL);
INSERT INTO public.history VALUES (15, 3, 'leaver', '75a81c97fd374865b39860c82185bffa', 1795956258.0055027, 'deleted', '31750005', '[]', '[]', NULL, NULL, 'deleted at the source', NULL);
INSERT INTO public.history VALUES (16, 5, '1', '5f141394ada54eb6b103e32f337dcaba', 1795956260.8829622, 'matched', '15479001', '[]', '["1675316bb7aaf468","cad1fbc5722e738a"]', NULL, NULL, 'matched by customerName', NULL);
INSERT INTO public.intents VALUES (1, '1', 'update', '15479001', '{"addresses":{"addressLine1":null,"addressLine2":null,"city":"Bonn","state":null,"zipCode":null,"countryName":null}}', '{"customerName":["customer 1"]}', '\x8aa011532a979421631a821767463835', '53127ab6446a01d96783a105c0414b73', 1795956270.1832616, 1795956270, '287a55cdb0474fb1b0f2d51092291895', '[]');
INSERT INTO public.intents VALUES (2, '2', 'create', NULL, '{"lastName":"Contact 2","emailAddresses":[{"emailAddress":"c2@example.org","emailType":"Business","emailTypeCode":"BUSINESS"}]}', '{"emailAddresses":["c2@example.org"]}', '\xa50d4c2917ece319f6b9ac17f2faba82', '2d781e7ee15cefe578c4057cb17e0834', 1795956266.4406693, 1795956266, '488841f865e64ea1aab0d28c4a18ff66', '[]');
INSERT INTO public.intents VALUES (4, '2', 'create', NULL, '{"opportunityName":"Deal 2","salesStageId":68003,"closeDate":"05/31/2026","{parameters}":{"is_duplicate":"N"}}', '{"opportunityName":["deal 2"]}', '\x76b05c3097dba15e570ee3b703b0f9f7', '6aa971000481bf52fc8601ca21c8f7cd', 1795956268.4222515, 1795956268, '6c43c5afe3804aca918a0db34747679f', '[]');
INSERT INTO public.ledger_version VALUES (2);
INSERT INTO public.links VALUES (4, '1', 'opportunityCustomerId', 'customers', 'late', '', 1795956255.8257673);
INSERT INTO public.objects VALUES (1, 'apptivo', '15479', 'customers');
INSERT INTO public.objects VALUES (2, 'apptivo', '15479', 'contacts');
INSERT INTO public.objects VALUES (3, 'apptivo', '15479', 'leads');
INSERT INTO public.objects VALUES (4, 'apptivo', '15479', 'opportunities');
INSERT INTO public.records VALUES (1, '1', '15479001', 'created', '\xd3d77061fcb859ceb04bd5734fb109dd', '2e6a45b49067dc5eca1903a97fb6aad8', 1795956255.6539483, 'd1e298d3bef846858137427ee5784041');
INSERT INTO public.records VALUES (1, 'Größe 2', '15479002', 'created', '\xd3e0806e02034f6dc3ce2a202b46bde1', 'a905d31d3d660ac99a32d9bc184fd956', 1795956255.663446, 'd1e298d3bef846858137427ee5784041');
INSERT INTO public.records VALUES (2, '1', '21330001', 'created', '\x9e77d2a69b627cb6fe25380e3df3e9ac', 'a71bcbae323e21f25de51ec854e6d2e5', 1795956255.684015, 'd1e298d3bef846858137427ee5784041');
INSERT INTO public.records VALUES (3, '1', '31750002', 'created', '\xd49364a1e3396d92b3f978c2b12fce64', 'bbc4da7b051f20353448f6e67ada3f3c', 1795956257.9420435, '75a81c97fd374865b39860c82185bffa');
INSERT INTO public.records VALUES (3, '2', '31750003', 'created', '\x91e1ea22f75442cbe5f8c4799058dae9', '03f5f790e5ee5e0f4d9ed8bf46ebd2cc', 1795956255.7424552, 'd1e298d3bef846858137427ee5784041');
INSERT INTO public.records VALUES (3, '3', '31750004', 'created', '\x659795220b23372aa52b2f60270e5f6a', 'dbebd3cb050a2f37744b8f17d2486f22', 1795956255.7424552, 'd1e298d3bef846858137427ee5784041');
INSERT INTO public.records VALUES (3, '4', '31750006', 'created', '\x7da5ad04b195739e0f93a64a42e698b0', '47abe05c52be6079aab0338621c698a3', 1795956255.752144, 'd1e298d3bef846858137427ee5784041');
INSERT INTO public.records VALUES (3, 'leaver', NULL, 'created', NULL, NULL, 1795956258.0036917, '75a81c97fd374865b39860c82185bffa');
INSERT INTO public.records VALUES (3, 'matched', '31750001', 'matched', '\xa95f58a20ec3a03e52ac6f86b1f4a58e', '3cfd131c6a67da094c5f162e63b51531', 1795956255.7210677, 'd1e298d3bef846858137427ee5784041');
INSERT INTO public.records VALUES (4, '1', '41900001', 'created', '\xf86fd319cfed3458ebac983e3f114968', '53ef13c9c581b82e27989ee014278546', 1795956255.8257673, 'd1e298d3bef846858137427ee5784041');
INSERT INTO public.records VALUES (5, '1', '15479001', 'matched', '\xd3d77061fcb859ceb04bd5734fb109dd', '2e6a45b49067dc5eca1903a97fb6aad8', 1795956260.8829622, '5f141394ada54eb6b103e32f337dcaba');
INSERT INTO public.schemas VALUES ('70b6ca74ae6bb8e4ed137ab919e3db00', '\x7b2274797065223a2022534348454d41222c202273747265616d223a20226c65616473222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d2c20226c6173745f6e616d65223a207b7d2c2022656d61696c223a207b7d2c20226a6f625f7469746c65223a207b7d2c20226163636f756e745f6964223a207b7d2c20225f7364635f64656c657465645f6174223a207b7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.schemas VALUES ('5771f5a6dca2318eb642ae7be273de6f', '\x7b2274797065223a2022534348454d41222c202273747265616d223a2022636f6e7461637473222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d2c20226c6173745f6e616d65223a207b7d2c2022656d61696c223a207b7d2c2022637573746f6d6572223a207b7d2c20226a6f625f7469746c65223a207b7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.scopes VALUES (1, 1, 'default', 'customers');
INSERT INTO public.scopes VALUES (2, 2, 'default', 'contacts');
INSERT INTO public.scopes VALUES (3, 3, 'default', 'leads');
INSERT INTO public.scopes VALUES (4, 4, 'default', 'opportunities');
INSERT INTO public.scopes VALUES (5, 1, 'other', 'customers');
INSERT INTO public.waits VALUES (2, 'waiting', 'customers', 'late');
ALTER SEQUENCE public.history_id_seq OWNED BY public.history.id;
ALTER SEQUENCE public.objects_id_seq OWNED BY public.objects.id;
ALTER SEQUENCE public.scopes_id_seq OWNED BY public.scopes.id;
ALTER TABLE ONLY public.history ALTER COLUMN id SET DEFAULT nextval('public.history_id_seq'::regclass);
ALTER TABLE ONLY public.objects ALTER COLUMN id SET DEFAULT nextval('public.objects_id_seq'::regclass);
ALTER TABLE ONLY public.scopes ALTER COLUMN id SET DEFAULT nextval('public.scopes_id_seq'::regclass);
SELECT pg_catalog.setval('public.history_id_seq', 16, true);
SELECT pg_catalog.setval('public.objects_id_seq', 4, true);
SELECT pg_catalog.setval('public.scopes_id_seq', 5, true);
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
