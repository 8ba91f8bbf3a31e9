import ConnectorForm from '../connector/ConnectorForm.vue'
import { mount } from '../mount'

void mount(ConnectorForm)
